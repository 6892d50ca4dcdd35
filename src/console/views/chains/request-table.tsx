// Requests as a table: how each stands, why it stopped, how long it took.
import { Link } from '@tanstack/react-router';
import type { RequestSummaryQuery } from '../../../../generated/console/graphql.ts';
import { isThroughlineError } from '../../../client/client.ts';
import { Status } from '../../base/status.tsx';
import { Duration, Time } from '../../base/time.tsx';

type Summary = RequestSummaryQuery['eventChain'];

export interface RequestRow {
  readonly requestId: string;
  /** Undefined while it is read; null if the request has no events any more. */
  readonly summary: Summary | undefined;
  readonly error: unknown;
}

export function RequestTable({ rows }: { rows: readonly RequestRow[] }) {
  return (
    <div className="table-scroll">
      <table className="requests">
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col">Began with</th>
            <th scope="col">Events</th>
            <th scope="col">Why it stopped</th>
            <th scope="col">Began</th>
            <th scope="col" className="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.requestId} {...row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ requestId, summary, error }: RequestRow) {
  return (
    <tr>
      <th scope="row">
        <Link to="/chains/$requestId" params={{ requestId }} title={requestId}>
          {requestId}
        </Link>
      </th>
      {summary ? (
        <Cells requestId={requestId} summary={summary} />
      ) : (
        <td colSpan={5} className="muted">
          {summary === null ? 'No events any more' : errorText(error)}
        </td>
      )}
    </tr>
  );
}

function Cells({ requestId, summary }: { requestId: string; summary: NonNullable<Summary> }) {
  const { roots, countByStatus, failedLeaves, startedAt, finishedAt } = summary;
  const root = roots[0];
  const failure = failedLeaves[0];
  return (
    <>
      <td>
        {root?.topic}
        {roots.length > 1 && <span className="muted"> and {roots.length - 1} more</span>}
        {root?.description && <div className="muted request-text">{root.description}</div>}
      </td>
      <td>
        <span className="chain-counts">
          {countByStatus.map(({ status, count }) => (
            <span key={status}>
              {count.toLocaleString('en')} <Status status={status} />
            </span>
          ))}
        </span>
      </td>
      <td>
        {failure && (
          <Link
            to="/chains/$requestId"
            params={{ requestId }}
            search={{ event: failure.id }}
            className="request-failure"
          >
            {failure.topic} {failure.error?.code && <code>{failure.error.code}</code>}{' '}
            {failure.error?.message}
          </Link>
        )}
        {failedLeaves.length > 1 && <span className="muted"> and {failedLeaves.length - 1} more</span>}
      </td>
      <td>
        <Time at={startedAt} />
      </td>
      <td className="number">
        <Duration from={startedAt} to={finishedAt} />
        {finishedAt === null && <div className="muted">so far</div>}
      </td>
    </>
  );
}

function errorText(error: unknown): string {
  if (error === null || error === undefined) return 'Reading…';
  if (isThroughlineError(error, 'LIMIT_EXCEEDED')) return 'More than 10,000 events';
  return (error as Error).message;
}
