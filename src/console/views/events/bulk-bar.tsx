// What can be done with the events that are selected, or with all that the search finds.
import { useState } from 'react';
import { useSession } from '../../shell/session.ts';
import { type BulkAction, bulkActions, BulkDialog, type BulkTarget } from './bulk.tsx';
import type { SearchQuery } from './search-query.ts';

/** Ids of events. */
export type Selection = ReadonlySet<string>;

/** The gateway takes lists of up to 5,000. */
export const selectionLimit = 5_000;

interface BulkBarProps {
  readonly selection: Selection;
  readonly query: SearchQuery;
  readonly q: string;
  readonly onClear: () => void;
  readonly onDone: () => void;
}

/** Nothing is shown while nothing is selected. */
export function BulkBar({ selection, query, q, onClear, onDone }: BulkBarProps) {
  const { can } = useSession();
  const [isAll, setAll] = useState(false);
  const [action, setAction] = useState<BulkAction | null>(null);
  if (selection.size === 0) return null;
  const clear = () => {
    setAll(false);
    onClear();
  };
  const target: BulkTarget = isAll
    ? { filter: query.filter, where: query.where, description: describeAll(q) }
    : { filter: { ids: [...selection] }, where: null, description: `${countText(selection.size)} selected.` };
  const actions = (Object.keys(bulkActions) as BulkAction[]).filter((name) => can(bulkActions[name].scope));
  return (
    <div className="bulk-bar" role="region" aria-label="Selected events">
      <strong>{isAll ? 'All events of this search' : `${countText(selection.size)} selected`}</strong>
      {!isAll && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          Select all of this search
        </button>
      )}
      <span className="grow" />
      {actions.map((name) => (
        <button
          type="button"
          key={name}
          className={name === 'delete' ? 'danger' : ''}
          onClick={() => setAction(name)}
        >
          {bulkActions[name].title}…
        </button>
      ))}
      <button type="button" onClick={clear}>
        Clear
      </button>
      {action && (
        <BulkDialog
          action={action}
          target={target}
          onClose={(isChanged) => {
            setAction(null);
            if (!isChanged) return;
            clear();
            onDone();
          }}
        />
      )}
    </div>
  );
}

function countText(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? 'event' : 'events'}`;
}

function describeAll(q: string): string {
  return q.trim() === ''
    ? 'All events that exist now.'
    : `All events that exist now and match “${q.trim()}”.`;
}
