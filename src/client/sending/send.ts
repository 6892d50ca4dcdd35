// Sending one event, so that the send can be repeated without creating a second event.
import type { Connection } from '../connection/connection.ts';
import type { RequestOptions } from '../connection/http.ts';
import {
  SendEventDocument,
  type SendEventInput,
  type SendEventMutation,
} from '../../../generated/client/graphql.ts';

/** Further fields of the event, and settings of the request. */
export interface SendOptions
  extends Omit<SendEventInput, 'topic' | 'payload' | 'kwargs' | 'summary'>, RequestOptions {}

export interface Sent {
  readonly id: string;
  /** Null for a transient event. */
  readonly position: string | null;
  readonly requestId: string;
  readonly nodeId: string;
  readonly status: SendEventMutation['sendEvent']['event']['status'];
  /** Whether an event with this `hash` existed; the others fields are then those of that event. */
  readonly duplicate: boolean;
}

/** How long a send is repeated by default, in milliseconds. */
export const sendRetryMs = 30_000;

/** Retries the send while the gateway is unreachable. An event without a `hash` gets a random one for that. */
export async function send(
  connection: Connection,
  { signal, timeoutMs, retryForMs = sendRetryMs, ...event }: SendEventInput & RequestOptions,
): Promise<Sent> {
  const input = withHash(event);
  const isRepeatable = input.hash != null;
  const { sendEvent } = await connection.request(
    SendEventDocument,
    { input },
    { signal, timeoutMs, retryForMs: isRepeatable ? retryForMs : 0 },
  );
  // With a random hash the existing event is this one, sent by an earlier attempt.
  return { ...sendEvent.event, duplicate: sendEvent.duplicate && event.hash != null };
}

/** A transient event has none, and is not repeated. */
export function withHash(event: SendEventInput): SendEventInput {
  return event.hash != null || event.store === false ? event : { ...event, hash: randomHash() };
}

/** Not crypto.randomUUID, which pages without TLS lack. */
function randomHash(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `send/${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
