// Jobs without retries left, in groups of the same error, each of which can be restarted.
import { useState } from 'react';
import type { Client } from '../../../client/client.ts';
import { ExhaustedJobsDocument, RestartSelectedDocument } from '../../../../generated/console/graphql.ts';
import { useQuery } from '@tanstack/react-query';
import { Confirm } from '../../base/dialog.tsx';
import { countOf } from '../../base/count.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel, Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { type ErrorGroup, type ExhaustedJob, groupsOf } from './error-groups.ts';

/** As many ids as a filter takes. */
const readJobs = 5_000;

export function ExhaustedJobs({ topic, count }: { topic: string; count: number }) {
  const { client, can } = useSession();
  const [chosen, setChosen] = useState<ErrorGroup | null>(null);
  // Read again when their number changes.
  const { data, error, isLoading } = useQuery({
    queryKey: ['exhausted jobs', topic, count],
    queryFn: ({ signal }) => readExhausted(client, topic, signal),
    placeholderData: (before) => before,
    enabled: count > 0,
  });
  if (count === 0) return null;
  const { groups = [], isAll = true } = data ?? {};
  return (
    <Panel
      title="Exhausted jobs by error"
      hint={
        isAll
          ? 'They failed and have no retries left. Restarted, each runs once more; one that fails again is exhausted again.'
          : `Of the latest ${readJobs} alone.`
      }
    >
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Reading their errors…</p>}
      {groups.length > 0 && (
        <Table label="Exhausted jobs by error" columns={['#Jobs', 'Error', 'Last failed', 'Example', '']}>
          {groups.map((group) => (
            <tr key={group.key}>
              <td className="number">{group.ids.length}</td>
              <td>
                {group.code && <code>{group.code} </code>}
                {group.message}
              </td>
              <td className="nowrap">
                <Time at={group.lastAt} />
              </td>
              <td>
                <EventLink id={group.ids[0]!} />
              </td>
              <td>
                {can('events:update') && (
                  <button className="small" onClick={() => setChosen(group)}>
                    Restart…
                  </button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {chosen && <RestartDialog topic={topic} group={chosen} onClose={() => setChosen(null)} />}
    </Panel>
  );
}

async function readExhausted(client: Client, topic: string, signal: AbortSignal) {
  const jobs: ExhaustedJob[] = [];
  let after: string | null = null;
  do {
    const variables: { topic: string; after: string | null } = { topic, after };
    const { events } = await client.query(ExhaustedJobsDocument, variables, { signal });
    jobs.push(...events.nodes);
    after = events.pageInfo.hasNextPage ? (events.pageInfo.endCursor ?? null) : null;
  } while (after !== null && jobs.length < readJobs);
  return { groups: groupsOf(jobs.slice(0, readJobs)), isAll: after === null };
}

interface RestartDialogProps {
  readonly topic: string;
  readonly group: ErrorGroup;
  readonly onClose: () => void;
}

function RestartDialog({ topic, group, onClose }: RestartDialogProps) {
  const { client } = useSession();
  const change = useChange();
  // Those that were restarted meanwhile are no longer exhausted.
  const filter = { topics: [topic], exhausted: true, ids: group.ids };
  const { data, error } = useQuery({
    queryKey: ['dry run', filter],
    queryFn: () => client.mutate(RestartSelectedDocument, { filter, dryRun: true }),
    staleTime: 0,
  });
  const count = data?.restartEvents.count;
  return (
    <Confirm
      title="Restart exhausted jobs?"
      action={count === undefined ? 'Restart' : `Restart ${countOf(count, 'job')}`}
      isDisabled={count === undefined}
      onConfirm={() => change(RestartSelectedDocument, { filter, dryRun: false })}
      onClose={onClose}
    >
      <p>
        {count === undefined ? 'Counting…' : `${countOf(count, 'job')} of ${topic} would be restarted`}, which
        failed with:
      </p>
      <p className="notice">
        {group.code && <code>{group.code} </code>}
        {group.message}
      </p>
      <p>Workers can claim them again at once, the oldest first.</p>
      <ErrorNotice error={error} />
    </Confirm>
  );
}
