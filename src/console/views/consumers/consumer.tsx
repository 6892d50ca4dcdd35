// One consumer: its backlog, its workers, and its jobs that need attention.
import { Link } from '@tanstack/react-router';
import { ConsumerByIdDocument, type ConsumerDetailFragment } from '../../../../generated/console/graphql.ts';
import { isThroughlineError } from '../../../client/client.ts';
import { usePathPart } from '../../base/address.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { TopicLink, Topics } from '../../base/links.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Facts, Panel, Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { BacklogPanel } from './backlog-panel.tsx';
import { ConsumerActions } from './consumer-actions.tsx';
import { titleOf } from './consumer-title.ts';
import { ExhaustedJobs } from './exhausted-jobs.tsx';
import { flowText } from './flow-dialog.tsx';
import { LeasedJobs, RetryingJobs } from './unfinished-jobs.tsx';
import './consumers.css';

/** How often the backlog is counted, in milliseconds. */
const everyMs = 2_000;

export function ConsumerView() {
  const id = usePathPart('id');
  const { data, error, isLoading, dataUpdatedAt } = useGatewayQuery(
    ConsumerByIdDocument,
    { id },
    { everyMs },
  );
  const consumer = data?.node?.__typename === 'Consumer' ? data.node : null;
  // What is no id at all is an address that somebody typed.
  const isNoId = isThroughlineError(error, 'BAD_USER_INPUT');
  return (
    <>
      <p className="breadcrumb">
        <Link to="/consumers">Consumers</Link>
      </p>
      {!consumer && <Heading title="Consumer" />}
      {!isNoId && <ErrorNotice error={error} />}
      {isLoading && <p className="loading">Counting its backlog…</p>}
      {((data && !consumer) || isNoId) && (
        <EmptyState title="There is no such consumer">
          <p>
            It was deleted, or nobody enrolled under its definition for 30 days. A worker that enrolls again
            creates it anew.
          </p>
        </EmptyState>
      )}
      {consumer && <ConsumerPage key={id} consumer={consumer} end={data!.position} at={dataUpdatedAt} />}
    </>
  );
}

function ConsumerPage({ consumer, end, at }: { consumer: ConsumerDetailFragment; end: string; at: number }) {
  const { can } = useSession();
  const { paused, targetTopic, backlog, workers } = consumer;
  return (
    <>
      <Heading
        title={
          <>
            {titleOf(consumer)} {paused && <span className="badge is-warn">paused</span>}
          </>
        }
      >
        <ConsumerActions consumer={consumer} />
      </Heading>
      <Definition consumer={consumer} end={end} />
      <BacklogPanel backlog={backlog} at={at} />
      <Workers workers={workers} />
      {can('events:read') && (
        <>
          <ExhaustedJobs topic={targetTopic} count={backlog.exhausted} />
          <LeasedJobs topic={targetTopic} isQueue={consumer.sourceTopics === null} />
          <RetryingJobs topic={targetTopic} count={backlog.retrying} />
        </>
      )}
    </>
  );
}

function Definition({ consumer, end }: { consumer: ConsumerDetailFragment; end: string }) {
  const { name, targetTopic, sourceTopics, where, position, createdAt, lastAskedAt, flow } = consumer;
  return (
    <Panel title="Definition">
      <Facts
        facts={{
          Sources: sourceTopics ? (
            <Topics topics={sourceTopics} />
          ) : (
            'a plain queue: its jobs are events sent as work'
          ),
          Target: <TopicLink topic={targetTopic} />,
          Filter: where ? <code>{where}</code> : <span className="none">none</span>,
          Known: name === null ? 'by its definition' : 'by its name',
          Position: sourceTopics ? `${position} of ${end}` : <span className="none">none: a queue</span>,
          Limits: flowText(flow) ?? <span className="none">none</span>,
          'Last enrolled': <Time at={lastAskedAt} />,
          Created: <Time at={createdAt} />,
        }}
      />
    </Panel>
  );
}

function Workers({ workers }: Pick<ConsumerDetailFragment, 'workers'>) {
  return (
    <Panel title="Workers" hint="Those that hold a job, or enrolled in the last 10 minutes.">
      {workers.length === 0 ? (
        <p className="none">None.</p>
      ) : (
        <Table label="Workers" columns={['Worker', '#Jobs held', 'Last seen']}>
          {workers.map(({ name, held, lastSeenAt }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className="number">{held}</td>
              <td>
                <Time at={lastSeenAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
