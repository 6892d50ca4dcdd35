// The consumers of jobs: what waits for each, and who works.
import { Link } from '@tanstack/react-router';
import { ConsumerListDocument, type ConsumerDetailFragment } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { Count } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { curlCommand, KeyedCommand } from '../../base/keyed-command.tsx';
import { Topics, TopicLink } from '../../base/links.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Duration } from '../../base/time.tsx';
import { countCap, titleOf } from './consumer-title.ts';
import './consumers.css';

/** How often backlogs are counted anew, in milliseconds. */
const everyMs = 5_000;

export function Consumers() {
  const [{ after, target }, change] = useAddress();
  const variables = { after: after ?? null, targetTopic: target || null };
  const { data, error, isLoading } = useGatewayQuery(ConsumerListDocument, variables, { everyMs });
  const consumers = data?.consumers.nodes ?? [];
  const { hasNextPage, endCursor } = data?.consumers.pageInfo ?? {};
  return (
    <>
      <Heading title="Consumers" />
      <ErrorNotice error={error} />
      {target && (
        <p>
          Of the target topic <code>{target}</code> only.{' '}
          <button className="link" onClick={() => change({ target: undefined, after: undefined })}>
            Show all
          </button>
        </p>
      )}
      {isLoading && <p className="loading">Counting backlogs…</p>}
      {data && (consumers.length === 0 ? <NoConsumers /> : <ConsumerTable consumers={consumers} />)}
      {(after || hasNextPage) && (
        <div className="pager">
          {after && <button onClick={() => change({ after: undefined })}>First page</button>}
          {hasNextPage && <button onClick={() => change({ after: endCursor! })}>Next page</button>}
        </div>
      )}
    </>
  );
}

const columns = [
  ...['Consumer', 'Sources', 'Target', '#Waiting', '#Ready', '#Retrying', '#Held', '#Exhausted'],
  ...['Oldest waits', 'Workers'],
];

function ConsumerTable({ consumers }: { consumers: readonly ConsumerDetailFragment[] }) {
  return (
    <Table label="Consumers" columns={columns}>
      {consumers.map((consumer) => (
        <ConsumerRow key={consumer.id} consumer={consumer} />
      ))}
    </Table>
  );
}

function ConsumerRow({ consumer }: { consumer: ConsumerDetailFragment }) {
  const { id, targetTopic, sourceTopics, where, paused, backlog, workers } = consumer;
  const { waiting, ready, retrying, held, exhausted, isExact, oldestWaitingAt } = backlog;
  return (
    <tr>
      <td>
        <Link to="/consumers/$id" params={{ id }}>
          {titleOf(consumer)}
        </Link>{' '}
        {paused && <span className="badge is-warn">paused</span>}
        {where && (
          <span className="sub">
            <code className="clip" title={where}>
              {where}
            </code>
          </span>
        )}
      </td>
      <td>{sourceTopics ? <Topics topics={sourceTopics} /> : <span className="muted">plain queue</span>}</td>
      <td>
        <TopicLink topic={targetTopic} />
      </td>
      <td className="number">
        <Count value={waiting} isExact={isExact} />
      </td>
      {[ready, retrying, held].map((count, index) => (
        <td key={index} className="number">
          <Count value={count} isExact={isExact || count < countCap} />
        </td>
      ))}
      <td className={exhausted > 0 ? 'number is-bad' : 'number'}>
        <Count value={exhausted} isExact={exhausted < countCap} />
      </td>
      <td className="nowrap">
        <Duration from={oldestWaitingAt} />
      </td>
      <td>
        <WorkerNames workers={workers} />
      </td>
    </tr>
  );
}

const shownWorkers = 3;

function WorkerNames({ workers }: { workers: readonly { readonly name: string }[] }) {
  if (workers.length === 0) return <span className="none">none</span>;
  const names = workers.slice(0, shownWorkers).map(({ name }) => name);
  const more = workers.length - names.length;
  return (
    <span className="clip" title={workers.map(({ name }) => name).join(', ')}>
      {names.join(', ')}
      {more > 0 && ` and ${more} more`}
    </span>
  );
}

const enroll = `mutation { enroll(input: {sourceTopics: ["order.*"], targetTopic: "invoice.write", worker: "worker-1", waitMs: 30000}) { attempt event { id } source { topic payload } } }`;

function NoConsumers() {
  return (
    <EmptyState title="There are no consumers yet">
      <p>
        A consumer comes into being when a worker enrolls for jobs, such as an invoice for each order. Claim
        the first job:
      </p>
      <KeyedCommand scopes={['jobs:work']} command={(key) => curlCommand(key, enroll)} />
    </EmptyState>
  );
}
