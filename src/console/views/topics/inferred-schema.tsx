// The schema that the latest events of a topic have in common.
import { useMemo } from 'react';
import { TopicSamplesDocument } from '../../../../generated/console/graphql.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { JsonTree } from '../../base/json-tree.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel } from '../../base/panel.tsx';
import { inferSchema } from './infer-schema.ts';

const sampled = 50;

export function InferredSchema({ topic }: { topic: string }) {
  const { data, error } = useGatewayQuery(TopicSamplesDocument, { topic, first: sampled });
  const payloads = useMemo(() => data?.events.nodes.map(({ payload }) => payload as unknown) ?? [], [data]);
  const schema = useMemo(() => inferSchema(payloads), [payloads]);
  if (data && payloads.length === 0) return null;
  return (
    <Panel
      title="Inferred schema"
      hint={`What the payloads of the latest ${payloads.length} events have in common. No payload is refused.`}
    >
      <ErrorNotice error={error} />
      {data && <JsonTree key={payloads.length} label="Inferred schema" value={schema} root="payloadSchema" />}
    </Panel>
  );
}
