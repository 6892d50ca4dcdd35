// Parts of a page: a titled panel, and a list of facts.
import { type ReactNode, useId } from 'react';
import './panel.css';

interface PanelProps {
  readonly title: ReactNode;
  /** Buttons at the right of the title. */
  readonly actions?: ReactNode;
  /** What the panel shows, in a sentence below the title. */
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

export function Panel({ title, actions, hint, children }: PanelProps) {
  const id = useId();
  return (
    <section className="card panel" aria-labelledby={id}>
      <div className="heading">
        <h2 id={id}>{title}</h2>
        {actions && <div className="actions">{actions}</div>}
      </div>
      {hint && <p className="panel-hint">{hint}</p>}
      {children}
    </section>
  );
}

/** Names with their values; a value that is undefined leaves its name out. */
export function Facts({ facts }: { facts: Readonly<Record<string, ReactNode | undefined>> }) {
  return (
    <dl className="facts">
      {Object.entries(facts).map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** A table that scrolls by itself where the page is too narrow for it. */
export function Table({
  label,
  columns,
  children,
}: {
  label: string;
  columns: readonly ReactNode[];
  children: ReactNode;
}) {
  return (
    <div className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      <table className="rows">
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col" className={isNumeric(column) ? 'number' : undefined}>
                {headOf(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A column without a name has the buttons of its rows. */
function headOf(column: ReactNode): ReactNode {
  if (column === '') return <span className="visually-hidden">Actions</span>;
  return isNumeric(column) ? (column as string).slice(1) : column;
}

/** A column whose name begins with "#" has numbers. */
function isNumeric(column: ReactNode): boolean {
  return typeof column === 'string' && column.startsWith('#');
}
