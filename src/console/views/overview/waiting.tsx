// What waits: the job that waits longest, and the consumers with a backlog, the oldest first.
import { Link } from '@tanstack/react-router';
import {
  OverviewConsumersDocument,
  type OverviewConsumersQuery,
} from '../../../../generated/console/graphql.ts';
import { Count } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { Duration } from '../../base/time.tsx';

type Consumer = OverviewConsumersQuery['consumers']['nodes'][number];

const everyMs = 5_000;
const shownConsumers = 8;

export function Waiting() {
  const { data, error } = useGatewayQuery(OverviewConsumersDocument, {}, { everyMs });
  const consumers = (data?.consumers.nodes ?? []).filter(({ backlog }) => hasBacklog(backlog)).sort(byAge);
  const oldest = consumers[0]?.backlog.oldestWaitingAt;
  return (
    <section className="card" aria-labelledby="waiting">
      <h2 id="waiting">Waiting</h2>
      <ErrorNotice error={error} />
      {data && (
        <p>
          <span className="figure">{oldest ? <Duration from={oldest} /> : 'Nothing waits'}</span>
          {oldest && <span className="muted"> the oldest waiting job, of {nameOf(consumers[0]!)}</span>}
        </p>
      )}
      {consumers.length > 0 && <Backlogs consumers={consumers.slice(0, shownConsumers)} />}
      {data?.consumers.pageInfo.hasNextPage && <p className="muted">Of the first 100 consumers.</p>}
      <p>
        <Link to="/consumers">All consumers</Link>
      </p>
    </section>
  );
}

function Backlogs({ consumers }: { consumers: readonly Consumer[] }) {
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Consumer</th>
            <th scope="col" className="number">
              Waiting
            </th>
            <th scope="col" className="number">
              Held
            </th>
            <th scope="col" className="number">
              Exhausted
            </th>
            <th scope="col" className="number">
              Oldest
            </th>
          </tr>
        </thead>
        <tbody>
          {consumers.map((consumer) => (
            <tr key={consumer.id}>
              <th scope="row">
                <Link to="/consumers/$id" params={{ id: consumer.id }}>
                  {nameOf(consumer)}
                </Link>
                {consumer.paused && <span className="muted"> paused</span>}
              </th>
              <td className="number">
                <Count
                  value={consumer.backlog.waiting + consumer.backlog.ready + consumer.backlog.retrying}
                  isExact={consumer.backlog.isExact}
                />
              </td>
              <td className="number">
                <Count value={consumer.backlog.held} />
              </td>
              <td className="number">
                <Count value={consumer.backlog.exhausted} />
              </td>
              <td className="number nowrap">
                <Duration from={consumer.backlog.oldestWaitingAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function nameOf({ name, targetTopic }: Consumer): string {
  return name ?? targetTopic;
}

function hasBacklog({ waiting, ready, retrying, held, exhausted }: Consumer['backlog']): boolean {
  return waiting + ready + retrying + held + exhausted > 0;
}

function byAge({ backlog: a }: Consumer, { backlog: b }: Consumer): number {
  const at = (when: string | null) => (when === null ? Infinity : Date.parse(when));
  const [left, right] = [at(a.oldestWaitingAt), at(b.oldestWaitingAt)];
  return left === right ? 0 : left - right;
}
