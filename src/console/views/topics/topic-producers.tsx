// Who sends the events of a topic, as far as the latest tell.
import { TopicSendersDocument, type TopicSendersQuery } from '../../../../generated/console/graphql.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel, Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';

interface Producer {
  readonly sender: string | null;
  readonly senderType: string | null;
  readonly events: number;
  readonly lastAt: string;
}

export function TopicProducers({ topic }: { topic: string }) {
  const { data, error, isLoading } = useGatewayQuery(TopicSendersDocument, { topic }, { everyMs: 15_000 });
  const events = data?.events.nodes ?? [];
  return (
    <Panel title="Producers" hint={data && `Of the latest ${events.length} events.`}>
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Reading senders…</p>}
      {data && events.length === 0 && <p className="none">No event is stored.</p>}
      {events.length > 0 && (
        <Table label="Producers" columns={['Sender', 'Kind', '#Events', 'Last']}>
          {producersOf(events).map(({ sender, senderType, events, lastAt }) => (
            <tr key={`${sender} ${senderType}`}>
              <td>{sender ?? <span className="none">not named</span>}</td>
              <td>{senderType ?? <span className="none">–</span>}</td>
              <td className="number">{events}</td>
              <td className="nowrap">
                <Time at={lastAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

/** Events come newest first. */
function producersOf(events: TopicSendersQuery['events']['nodes']): readonly Producer[] {
  const producers = new Map<string, Producer>();
  for (const { sender = null, senderType = null, createdAt } of events) {
    const key = JSON.stringify([sender, senderType]);
    const before = producers.get(key);
    producers.set(key, {
      sender,
      senderType,
      events: (before?.events ?? 0) + 1,
      lastAt: before?.lastAt ?? createdAt,
    });
  }
  return [...producers.values()].sort((one, other) => other.events - one.events);
}
