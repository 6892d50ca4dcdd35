// Short forms for tests of durable subscriptions, and visibility timeouts that end at once.
import { expect, vi } from 'vitest';
import type { DurableSubscription, SubscribeInput } from '../../src/domain/subscriptions/subscription.ts';
import { createContext } from '../../src/graphql/context.ts';
import { schema } from '../../src/graphql/schema.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { type Running, serve } from '../http/support.ts';
import { type Composed, tester } from '../support/gateway.ts';

/** Returns the id. */
export async function subscribe({ operations }: Composed, input: SubscribeInput): Promise<string> {
  return (await operations.subscribe(tester, input)).id;
}

/** Creates a trigger by each name, so that a subscription to it is accepted. */
export async function makeKnown({ operations }: Composed, ...senders: readonly string[]): Promise<void> {
  for (const name of senders) await operations.createTrigger({ name, webhook: {} });
}

export interface Got {
  readonly subscriptionId: string;
  readonly position: bigint;
  /** Of the event. */
  readonly id: string;
}

/** Does not wait unless a wait time is given. */
export async function next(
  { operations }: Composed,
  ids: string | readonly string[],
  timeoutMs: number | null = 0,
  caller: Caller = tester,
): Promise<Got | null> {
  const got = await operations.nextEvent(caller, typeof ids === 'string' ? [ids] : ids, timeoutMs);
  return got && { subscriptionId: got.subscriptionId, position: got.position, id: got.event.id };
}

/** All pending events, in order of delivery. */
export async function drain(gateway: Composed, ids: string | readonly string[]): Promise<string[]> {
  const events: string[] = [];
  for (;;) {
    const got = await next(gateway, ids);
    if (got === null) return events;
    events.push(got.id);
  }
}

/** Fails if there is none. */
export async function read({ operations }: Composed, id: string): Promise<DurableSubscription> {
  const subscription = await operations.subscription(id);
  if (subscription === null) throw new Error(`there is no subscription ${id}`);
  return subscription;
}

/** Ends the visibility timeouts, so that delivered events are redelivered now. */
export async function pass({ database }: Composed, id: string): Promise<void> {
  const text = `UPDATE deliveries SET until = now() - interval '1 second' WHERE subscription_id = $1`;
  await database.query({ text, values: [id] });
}

/** A caller that can disconnect. */
export function leaving(): { caller: Caller; leave: () => void } {
  const going = new AbortController();
  return { caller: { ...tester, signal: going.signal }, leave: () => going.abort() };
}

/** Counts the waiting nextEvent calls from now on. */
export function watchCalls({ subscriptions }: Composed) {
  const next = subscriptions.next.bind(subscriptions);
  let waiting = 0;
  subscriptions.next = async (call) => {
    waiting += 1;
    return next(call).finally(() => {
      waiting -= 1;
    });
  };
  return {
    get waiting() {
      return waiting;
    },
    /** Resolves when so many calls are waiting. */
    until: (count: number) => vi.waitFor(() => expect(waiting).toBe(count), { timeout: 20_000, interval: 5 }),
  };
}

/** A client on a WebSocket, closed after the test. */
export function serveParts({ operations, watching, sharedSubscriptions }: Composed): Promise<Running> {
  return serve({
    schema,
    subscriptions: sharedSubscriptions,
    createContext: (caller) => createContext({ caller, operations, watch: watching.live(caller) }),
  });
}
