// The columns of the list of events, and the menu that chooses them.
import * as Menu from '@radix-ui/react-dropdown-menu';
import type { EventRowFragment } from '../../../../generated/console/graphql.ts';
import { Status } from '../../base/status.tsx';
import { Duration, Time } from '../../base/time.tsx';
import { RowLink } from '../../base/list/row-link.tsx';
import type { Column } from '../../base/list/virtual-table.tsx';

/** `isDeleted`: it was deleted while it was shown. */
export type EventRow = EventRowFragment & { readonly isDeleted?: boolean };

function text(value: string | null | undefined) {
  return value ? <span title={value}>{value}</span> : <span className="none">–</span>;
}

export const eventColumns: readonly (Column<EventRow> & { readonly title: string })[] = [
  { id: 'time', title: 'Created', width: '8.5rem', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'topic', title: 'Topic', width: 'minmax(13rem, 2fr)', cell: (row) => <TopicLink row={row} /> },
  { id: 'status', title: 'Status', width: '8.2rem', cell: ({ status }) => <Status status={status} /> },
  { id: 'project', title: 'Project', width: 'minmax(6rem, 0.7fr)', cell: ({ project }) => text(project) },
  { id: 'sender', title: 'Sender', width: 'minmax(7rem, 0.9fr)', cell: ({ sender }) => text(sender) },
  { id: 'user', title: 'User', width: 'minmax(6rem, 0.7fr)', cell: ({ user }) => text(user) },
  { id: 'request', title: 'Request', width: 'minmax(9rem, 1fr)', cell: (row) => <RequestLink row={row} /> },
  {
    id: 'description',
    title: 'Description',
    width: 'minmax(10rem, 1.6fr)',
    cell: ({ error, description }) => text(error?.message ?? description),
  },
  { id: 'type', title: 'Type', width: 'minmax(9rem, 1fr)', cell: ({ eventType }) => text(eventType) },
  { id: 'retries', title: 'Retries', width: '5rem', cell: ({ retries }) => retries },
  { id: 'priority', title: 'Priority', width: '5rem', cell: ({ priority }) => priority },
  {
    id: 'duration',
    title: 'Ran for',
    width: '7rem',
    cell: ({ startedAt, finishedAt }) => <Duration from={startedAt} to={finishedAt} />,
  },
  { id: 'updated', title: 'Changed', width: '8.5rem', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  { id: 'id', title: 'Id', width: '20rem', cell: ({ id }) => <code>{id}</code> },
];

const defaultColumns = ['time', 'topic', 'status', 'project', 'sender', 'request', 'description'];

/** Of the parameter of the address; what it names that is no column is left out. */
export function columnsOf(parameter: string | undefined): readonly string[] {
  const named = parameter?.split(',').filter((id) => eventColumns.some((column) => column.id === id)) ?? [];
  return named.length > 0 ? named : defaultColumns;
}

function TopicLink({ row }: { row: EventRow }) {
  const { id, topic, progress, status } = row;
  return (
    <>
      <RowLink to={['events', id]} className="row-link" title={topic}>
        {topic}
      </RowLink>
      {status === 'IN_PROGRESS' && typeof progress === 'number' && (
        <span className="muted"> {Math.round(progress)} %</span>
      )}
    </>
  );
}

function RequestLink({ row: { requestId } }: { row: EventRow }) {
  return (
    <RowLink to={['chains', requestId]} title={requestId}>
      {requestId}
    </RowLink>
  );
}

interface ColumnMenuProps {
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: string | undefined) => void;
}

export function ColumnMenu({ chosen, onChoose }: ColumnMenuProps) {
  const toggle = (id: string, isShown: boolean) => {
    const next = eventColumns.filter((column) => (column.id === id ? isShown : chosen.includes(column.id)));
    const ids = next.map((column) => column.id).join(',');
    onChoose(ids === defaultColumns.join(',') ? undefined : ids);
  };
  return (
    <Menu.Root>
      <Menu.Trigger asChild>
        <button type="button">Columns ▾</button>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end" sideOffset={4}>
          {eventColumns.map(({ id, title }) => (
            <Menu.CheckboxItem
              key={id}
              className="menu-item"
              checked={chosen.includes(id)}
              disabled={id === 'topic'}
              onCheckedChange={(isShown) => toggle(id, isShown)}
              onSelect={(event) => event.preventDefault()}
            >
              <span className="menu-check">
                <Menu.ItemIndicator>✓</Menu.ItemIndicator>
              </span>
              {title}
            </Menu.CheckboxItem>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
