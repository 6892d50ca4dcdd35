// Durable subscriptions to one trigger, as a program holds them: what comes while it does something else waits for it.
import { type Gateway, Refused } from './gateway.ts';

/** An event, and what `done` has to say to be given no more of it. */
export interface Received<Payload> {
  readonly subscriptionId: string;
  readonly position: string;
  readonly event: { readonly id: string; readonly payload: Payload };
}

/** How long one call waits, in milliseconds: within the gateway's limit, and that of any proxy on the way. */
const callMs = 25_000;

const subscribe = 'mutation($input: SubscribeInput!) { subscribe(input: $input) { id } }';
const nextEvent = `mutation($ids: [ID!]!, $timeoutMs: Int!) { nextEvent(subscriptionIds: $ids, timeoutMs: $timeoutMs) {
  subscriptionId position event { id payload } } }`;
const acknowledge = `mutation($id: ID!, $position: Position!) {
  acknowledge(subscriptionId: $id, position: $position) { id } }`;
const unsubscribe = 'mutation($id: ID!) { unsubscribe(id: $id) }';

export class EventQueue {
  readonly #gateway: Gateway;
  readonly #source: string;
  readonly #stop: AbortSignal;
  readonly #ids: string[] = [];

  /** `stop` ends every wait, which then rejects with its reason. */
  constructor(gateway: Gateway, source: string, stop: AbortSignal) {
    this.#gateway = gateway;
    this.#source = source;
    this.#stop = stop;
  }

  /**
   * What passes the filter is kept from now on. With MANUAL an answer that is lost on its way costs nothing; a
   * subscription whose own answer is lost is one that nobody asks, and goes after a day.
   */
  async subscribe(where: string): Promise<string> {
    const input = { source: this.#source, where, ack: 'MANUAL', expiresAfterDays: 1 };
    const asking = { signal: this.#stop };
    const made = await this.#gateway.insist<{ subscribe: { id: string } }>(subscribe, { input }, asking);
    this.#ids.push(made.subscribe.id);
    return made.subscribe.id;
  }

  /** The oldest event of all these subscriptions, as soon as there is one; with a time, null where that is over. */
  async next<Payload>(ids: readonly string[]): Promise<Received<Payload>>;
  async next<Payload>(ids: readonly string[], withinMs: number): Promise<Received<Payload> | null>;
  async next<Payload>(ids: readonly string[], withinMs = Infinity): Promise<Received<Payload> | null> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      const timeoutMs = Math.ceil(Math.min(left, callMs));
      const answer = await this.#gateway.insist<{ nextEvent: Received<Payload> | null }>(
        nextEvent,
        { ids, timeoutMs },
        { signal: this.#stop, withinMs: timeoutMs + 10_000 },
      );
      if (answer.nextEvent !== null || left <= callMs) return answer.nextEvent;
    }
  }

  /** Until this is called, the event is delivered again. */
  async done({ subscriptionId: id, position }: Received<unknown>): Promise<void> {
    await this.#gateway.insist(acknowledge, { id, position }, { signal: this.#stop });
  }

  /** Ends all subscriptions, in one try: those that cannot be ended now go by themselves. */
  async unsubscribe(): Promise<void> {
    for (const id of this.#ids.splice(0)) {
      await this.#gateway.ask(unsubscribe, { id }).catch((error: unknown) => {
        if (error instanceof Refused && error.code !== 'NO_SUCH_SUBSCRIPTION') throw error;
      });
    }
  }
}
