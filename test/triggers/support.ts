// Triggers in tests: made over GraphQL, with deliveries posted to their URLs and the events read back.
import type { Answer, TestGateway } from '../support/gateway.ts';

export interface TriggerAnswer {
  readonly id: string;
  readonly name: string;
  readonly url: string | null;
  readonly nextRun: string | null;
  readonly filterErrors: number;
  readonly lastFilterError: string | null;
}

type Asking = Pick<TestGateway, 'ask'>;

const create = `mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) {
  id name kind topic eventType where url nextRun filterErrors lastFilterError call enabled signature dedupeHeader cron
  timezone lastTick } }`;

/** What came back, refusals included. */
export function tryCreate(
  gateway: Asking,
  input: object,
): Promise<Answer<{ createTrigger: TriggerAnswer & Record<string, unknown> }>> {
  return gateway.ask(create, { input });
}

/** Fails where it is refused. */
export async function createTrigger(gateway: Asking, input: object) {
  const { data, errors } = await tryCreate(gateway, input);
  if (data === null) throw new Error(errors[0]?.message);
  return data.createTrigger;
}

export async function triggerNamed(gateway: Asking, name: string): Promise<TriggerAnswer> {
  const { data } = await gateway.ask<{ triggers: TriggerAnswer[] }>(
    '{ triggers { id name url nextRun filterErrors lastFilterError } }',
  );
  const found = data?.triggers.find((trigger) => trigger.name === name);
  if (!found) throw new Error(`there is no trigger ${name}`);
  return found;
}

export interface TriggerEvent {
  readonly id: string;
  readonly topic: string;
  readonly eventType: string;
  readonly sender: string;
  readonly senderType: string;
  readonly hash: string | null;
  readonly requestId: string;
  readonly status: string;
  readonly payload: any;
}

const eventFields = 'id topic eventType sender senderType hash requestId status payload';

export async function readEvent(gateway: Asking, id: string): Promise<TriggerEvent> {
  const { data } = await gateway.ask<{ event: TriggerEvent | null }>(
    `query ($id: ID!) { event(id: $id) { ${eventFields} } }`,
    { id },
  );
  if (!data?.event) throw new Error(`there is no event ${id}`);
  return data.event;
}

/** The events of a trigger, oldest first. */
export async function eventsOf(gateway: Asking, name: string): Promise<TriggerEvent[]> {
  const { data } = await gateway.ask<{ events: { nodes: TriggerEvent[] } }>(
    `query ($name: String!) { events(filter: {senders: [$name]}, first: 1000, orderBy: {by: CREATED, direction: ASC}) {
      nodes { ${eventFields} } } }`,
    { name },
  );
  return data?.events.nodes ?? [];
}
