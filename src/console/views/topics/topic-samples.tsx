// The latest events of a topic with what they hold.
import { TopicSamplesDocument } from '../../../../generated/console/graphql.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { JsonTree } from '../../base/json-tree.tsx';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel } from '../../base/panel.tsx';
import { Status } from '../../base/status.tsx';
import { Time } from '../../base/time.tsx';

export function TopicSamples({ topic }: { topic: string }) {
  const { data, error, isLoading } = useGatewayQuery(TopicSamplesDocument, { topic, first: 5 });
  const samples = data?.events.nodes ?? [];
  return (
    <Panel title="Samples" hint="The payloads of the latest events.">
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Reading events…</p>}
      {data && samples.length === 0 && <p className="none">No event is stored.</p>}
      {samples.map(({ id, sender, status, createdAt, payload }, index) => (
        <details key={id} className="sample" open={index === 0}>
          <summary>
            <Time at={createdAt} /> <Status status={status} /> {sender && <>from {sender}</>}
          </summary>
          <p>
            <EventLink id={id}>{id}</EventLink>
          </p>
          <JsonTree label="Payload" value={payload} root="data" />
        </details>
      ))}
    </Panel>
  );
}
