// Jobs under a lease, the first to lapse on top, and failed jobs that wait for their retry.
import { LeasedJobsDocument, RetryingJobsDocument } from '../../../../generated/console/graphql.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel, Table } from '../../base/panel.tsx';
import { Status } from '../../base/status.tsx';
import { durationText, Time } from '../../base/time.tsx';

const everyMs = 5_000;

/** A lease that ends within this time is marked, in milliseconds. */
const soonMs = 10_000;

/** Jobs of a plain queue that are PENDING mostly wait: only those in progress are sure to have a lease. */
export function LeasedJobs({ topic, isQueue }: { topic: string; isQueue: boolean }) {
  const statuses = isQueue ? (['IN_PROGRESS'] as const) : (['PENDING', 'IN_PROGRESS'] as const);
  const { data, error } = useGatewayQuery(LeasedJobsDocument, { topic, statuses }, { everyMs });
  const jobs = (data?.events.nodes ?? []).flatMap((job) => (job.lease ? [{ ...job, lease: job.lease }] : []));
  const sorted = jobs.sort((one, other) => one.lease.until.localeCompare(other.lease.until));
  return (
    <Panel
      title="Leases"
      hint={
        data?.events.pageInfo.hasNextPage
          ? 'Of the 100 oldest jobs, the first to lapse on top.'
          : 'The first to lapse on top. When a lease lapses, another worker can claim the job.'
      }
    >
      <ErrorNotice error={error} />
      {data && sorted.length === 0 && (
        <p className="none">{isQueue ? 'No job is in progress.' : 'No job is held.'}</p>
      )}
      {sorted.length > 0 && (
        <Table label="Leases" columns={['Lapses in', 'Job', 'Status', 'Worker', '#Attempt', 'Began']}>
          {sorted.map(({ id, status, lease, startedAt }) => (
            <tr key={id}>
              <td className="nowrap">
                <TimeLeft until={lease.until} />
              </td>
              <td>
                <EventLink id={id} />
              </td>
              <td>
                <Status status={status} />
              </td>
              <td>{lease.worker}</td>
              <td className="number">{lease.attempt}</td>
              <td>
                <Time at={startedAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function TimeLeft({ until }: { until: string }) {
  const left = Date.parse(until) - Date.now();
  if (left <= 0) return <span className="badge is-bad">lapsed</span>;
  const text = durationText(left);
  return (
    <time dateTime={until} title={until}>
      {left < soonMs ? <span className="badge is-warn">{text}</span> : text}
    </time>
  );
}

export function RetryingJobs({ topic, count }: { topic: string; count: number }) {
  const isWanted = count > 0;
  const { data, error } = useGatewayQuery(RetryingJobsDocument, { topic }, { everyMs, isWanted });
  if (!isWanted) return null;
  const jobs = data?.events.nodes ?? [];
  return (
    <Panel
      title="Waiting for a retry"
      hint="The latest jobs first. The delay doubles with each retry, up to an hour."
    >
      <ErrorNotice error={error} />
      <Table label="Jobs that wait for a retry" columns={['Failed', 'Job', '#Retries so far', 'Error']}>
        {jobs.map(({ id, retries, finishedAt, error }) => (
          <tr key={id}>
            <td className="nowrap">
              <Time at={finishedAt} />
            </td>
            <td>
              <EventLink id={id} />
            </td>
            <td className="number">{retries}</td>
            <td>
              {error?.code && <code>{error.code} </code>}
              {error?.message ?? <span className="none">none was reported</span>}
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
