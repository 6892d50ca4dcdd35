// Restarts, aborts or deletes many events: says how many first, then does it in steps that can be stopped.
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import {
  AbortEventsDocument,
  DeleteEventsDocument,
  type EventFilter,
  EventIdsDocument,
  RestartEventsDocument,
} from '../../../../generated/console/graphql.ts';
import type { Client } from '../../../client/client.ts';
import { Dialog } from '../../base/dialog.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { useSession } from '../../shell/session.ts';

export type BulkAction = 'restart' | 'abort' | 'delete';

/** Which events: those of a search, or some of them by their ids. */
export interface BulkTarget {
  readonly filter: EventFilter;
  readonly where: string | null;
  readonly description: string;
}

const documents = {
  restart: RestartEventsDocument,
  abort: AbortEventsDocument,
  delete: DeleteEventsDocument,
};

export const bulkActions = {
  restart: {
    title: 'Restart',
    scope: 'events:update',
    skipped:
      'Only events that are finished, failed or aborted can be restarted; others are left as they are.',
  },
  abort: {
    title: 'Abort',
    scope: 'events:update',
    skipped:
      'Only events that are pending, running, restarted or waiting for a retry can be aborted; others are left as they are.',
  },
  delete: {
    title: 'Delete',
    scope: 'events:delete',
    skipped: 'Events with a dependent that is not selected are kept. What is deleted cannot be brought back.',
  },
} as const satisfies Record<BulkAction, object>;

/** Events per step. */
const stepSize = 500;

interface BulkDialogProps {
  readonly action: BulkAction;
  readonly target: BulkTarget;
  readonly onClose: (isChanged: boolean) => void;
}

interface Progress {
  readonly state: 'asking' | 'running' | 'done' | 'stopped';
  readonly changed: number;
  readonly read: number;
}

export function BulkDialog({ action, target, onClose }: BulkDialogProps) {
  const { client } = useSession();
  const { title, skipped } = bulkActions[action];
  // What is sent after the dialog was opened is not concerned.
  const [bounded] = useState(() => boundedTarget(target));
  const [progress, setProgress] = useState<Progress>({ state: 'asking', changed: 0, read: 0 });
  const [error, setError] = useState<unknown>(null);
  const ending = useRef(new AbortController());
  const count = useQuery({
    queryKey: ['bulk', action, bounded],
    queryFn: async ({ signal }) => {
      const variables = { filter: bounded.filter, where: bounded.where, dryRun: true };
      return (await client.mutate(documents[action], variables, { signal })).result.count;
    },
    staleTime: 0,
    gcTime: 0,
  });
  const run = async () => {
    setError(null);
    try {
      for await (const step of runBulk(client, action, bounded, ending.current.signal))
        setProgress({ state: 'running', ...step });
      const state = ending.current.signal.aborted ? 'stopped' : 'done';
      setProgress((before) => ({ ...before, state }));
    } catch (failure) {
      setError(failure);
      setProgress((before) => ({ ...before, state: 'stopped' }));
    }
  };
  const close = () => {
    ending.current.abort();
    onClose(progress.state !== 'asking');
  };
  return (
    <Dialog title={`${title} events`} onClose={close}>
      <p>{target.description}</p>
      <ErrorNotice error={count.error ?? error} />
      {progress.state === 'asking' ? (
        <p role="status">
          {count.data === undefined ? 'Counting…' : <strong>{countText(action, count.data)}</strong>}
        </p>
      ) : (
        <BulkProgress progress={progress} total={count.data ?? 0} action={action} />
      )}
      <p className="hint">{skipped}</p>
      <div className="actions">
        <button type="button" onClick={close}>
          {progress.state === 'running' ? 'Stop' : progress.state === 'asking' ? 'Cancel' : 'Close'}
        </button>
        {progress.state === 'asking' && (
          <button
            type="button"
            className={action === 'restart' ? 'primary' : 'danger'}
            disabled={!count.data}
            onClick={() => void run()}
          >
            {count.data ? `${title} ${count.data.toLocaleString()}` : title}
          </button>
        )}
      </div>
    </Dialog>
  );
}

function countText(action: BulkAction, count: number): string {
  if (count === 0) return `None of them can be ${pastOf[action]}.`;
  return `${count.toLocaleString()} ${count === 1 ? 'event' : 'events'} will be ${pastOf[action]}.`;
}

const pastOf = { restart: 'restarted', abort: 'aborted', delete: 'deleted' } as const;

interface BulkProgressProps {
  readonly progress: Progress;
  readonly total: number;
  readonly action: BulkAction;
}

function BulkProgress({ progress: { state, changed }, total, action }: BulkProgressProps) {
  const isDone = state === 'done';
  return (
    <div className="field">
      <progress
        aria-label="Progress"
        max={Math.max(total, changed, 1)}
        value={isDone ? Math.max(total, changed, 1) : changed}
      />
      <p role="status">
        {changed.toLocaleString()} of {Math.max(total, changed).toLocaleString()} {pastOf[action]}
        {state === 'running' ? '…' : state === 'stopped' ? '; stopped.' : '.'}
      </p>
    </div>
  );
}

function boundedTarget({ filter, where }: BulkTarget): Pick<BulkTarget, 'filter' | 'where'> {
  if (filter.ids || filter.createdBefore) return { filter, where };
  return { filter: { ...filter, createdBefore: new Date().toISOString() }, where };
}

/** Step by step: what was changed is not found again, since the pages go on after it. Deletes begin with the newest, whose parents follow. */
async function* runBulk(
  client: Client,
  action: BulkAction,
  { filter, where }: Pick<BulkTarget, 'filter' | 'where'>,
  signal: AbortSignal,
): AsyncIterable<Pick<Progress, 'changed' | 'read'>> {
  const orderBy = { by: 'CREATED', direction: action === 'delete' ? 'DESC' : 'ASC' } as const;
  let after: string | null = null;
  let changed = 0;
  let read = 0;
  yield { changed, read };
  while (!signal.aborted) {
    const variables = { filter, where, orderBy, first: stepSize, after };
    const { events }: Awaited<ReturnType<typeof readIds>> = await readIds(client, variables);
    const ids = events.nodes.map(({ id }) => id);
    if (ids.length > 0 && !signal.aborted) {
      const step = { filter: { ...filter, ids }, where, dryRun: false };
      changed += (await client.mutate(documents[action], step)).result.count;
      read += ids.length;
      yield { changed, read };
    }
    const { hasNextPage, endCursor } = events.pageInfo;
    if (!hasNextPage || !endCursor) return;
    after = endCursor;
  }
}

function readIds(client: Client, variables: object) {
  return client.query(EventIdsDocument, variables);
}
