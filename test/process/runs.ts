// The runs of handlers as a gateway has them, and sends that are repeated until they are answered.
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask } from '../support/process.ts';

export interface Entry {
  readonly from: string | null;
  readonly to: string;
  readonly at: string;
  readonly by: string | null;
  readonly attempt: number | null;
}

export interface StoredRun {
  readonly id: string;
  readonly status: string;
  readonly retries: number;
  readonly result: unknown;
  readonly error: { readonly code: string | null; readonly message: string } | null;
  readonly dependsOn: { readonly id: string } | null;
  readonly history: readonly Entry[];
}

interface Page {
  readonly events: {
    readonly nodes: readonly StoredRun[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

/** All runs of a handler, and all events of a topic alike, oldest first. */
export async function readRuns(url: string, topic: string): Promise<StoredRun[]> {
  const query = `query($topics: [String!], $after: String) {
    events(first: 1000, after: $after, filter: { topics: $topics }, orderBy: { by: CREATED, direction: ASC }) {
      nodes { id status retries result error { code message } dependsOn { id } history { from to at by attempt } }
      pageInfo { endCursor hasNextPage }
    }
  }`;
  const all: StoredRun[] = [];
  for (let after: string | null = null; ;) {
    const variables: object = { topics: [topic], after };
    const { data, errors } = await ask<Page>(url, query, { variables });
    if (!data) throw new Error(`unreadable: ${JSON.stringify(errors)}`);
    all.push(...data.events.nodes);
    if (!data.events.pageInfo.hasNextPage) return all;
    after = data.events.pageInfo.endCursor;
  }
}

export interface Sent {
  readonly duplicate: boolean;
  readonly event: { readonly id: string };
  readonly executions: readonly {
    readonly handler: string;
    readonly event: { readonly id: string };
    readonly result: unknown;
    readonly error: { readonly code: string | null; readonly message: string } | null;
  }[];
}

/** Synchronous handlers may take longer than other answers, in milliseconds. */
const withinMs = 90_000;

const sendEvent = `mutation($input: SendEventInput!) {
  sendEvent(input: $input) {
    duplicate event { id } executions { handler event { id } result error { code message } }
  }
}`;

/** One send, as the gateway answers it; rejects where no answer comes. */
export function send(url: string, input: object): Promise<Answer<{ sendEvent: Sent }>> {
  return ask<{ sendEvent: Sent }>(url, sendEvent, { variables: { input }, withinMs });
}

/** One that is answered with the event, or else throws. */
export async function sendWell(url: string, input: object): Promise<Sent> {
  const { data, errors } = await send(url, input);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.sendEvent;
}

/** Again and again until it is answered with the event, at whichever gateway `url` names. */
export async function insist(url: () => string, input: object): Promise<Sent> {
  for (;;) {
    const answer = await send(url(), input).catch(() => null);
    if (answer?.data) return answer.data.sendEvent;
    await delay(20);
  }
}
