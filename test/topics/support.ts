// Topics in tests: declared and listed over GraphQL.
import type { Answer, TestGateway } from '../support/gateway.ts';

type Asking = Pick<TestGateway, 'ask'>;

export interface TopicAnswer {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly summarySchema: unknown;
  readonly payloadSchema: unknown;
  readonly declared: boolean;
  readonly count: number;
  readonly lastEventAt: string | null;
}

export const topicFields = 'name title description summarySchema payloadSchema declared count lastEventAt';

/** What came back, refusals included. */
export function tryDeclare(gateway: Asking, input: object): Promise<Answer<{ declareTopic: TopicAnswer }>> {
  return gateway.ask(
    `mutation ($input: DeclareTopicInput!) { declareTopic(input: $input) { ${topicFields} } }`,
    { input },
  );
}

/** Fails where it is refused. */
export async function declare(gateway: Asking, name: string, more: object = {}): Promise<TopicAnswer> {
  const { data, errors } = await tryDeclare(gateway, { name, ...more });
  if (data === null) throw new Error(errors[0]?.message);
  return data.declareTopic;
}

export async function list(gateway: Asking, prefix?: string): Promise<TopicAnswer[]> {
  const query = `query ($prefix: String) { topics(prefix: $prefix) { ${topicFields} } }`;
  const { data, errors } = await gateway.ask<{ topics: TopicAnswer[] }>(query, { prefix });
  if (data === null) throw new Error(errors[0]?.message);
  return data.topics;
}

/** Payloads of orders: with an amount, which is a number. */
export const orderSchema = {
  type: 'object',
  required: ['amount'],
  properties: { amount: { type: 'number' } },
};
