// What senders attempted and what they were answered, and its comparison with what a gateway has.
import { ask } from '../support/process.ts';

export type Status = 'PENDING' | 'IN_PROGRESS' | 'FINISHED';

/** One event that a sender attempts; `marker`, its payload, is its alone. */
export interface Attempt {
  readonly marker: string;
  readonly requestId: string;
  /** Its marker too, where it may be sent again until it is answered. */
  readonly hash: string | null;
}

export interface Acknowledged extends Attempt {
  readonly id: string;
  /** In the order in which they were answered. */
  readonly statuses: readonly Status[];
}

export interface StoredEvent {
  readonly id: string;
  readonly hash: string | null;
  readonly requestId: string;
  readonly status: Status;
  readonly payload: { readonly marker: string; readonly letters: string };
  readonly history: readonly {
    readonly position: string;
    readonly from: Status | null;
    readonly to: Status;
  }[];
}

/** What a follower is to see of a change. */
export interface Change {
  readonly position: string;
  readonly id: string;
  readonly status: Status;
}

export const topics = ['kill.*'];

/** A payload long enough to be torn if anything could tear it. */
export function payloadOf(marker: string): StoredEvent['payload'] {
  return { marker, letters: marker.repeat(20) };
}

export class Ledger {
  readonly #attempts = new Map<string, Attempt>();
  readonly #acknowledged = new Map<string, { id: string; statuses: Status[] } & Attempt>();
  /** Answers so far that said that something was written. */
  answers = 0;
  /** Errors that the gateway answered, by code. */
  readonly refusals = new Map<string, number>();
  /** What no client should ever meet. */
  readonly faults: string[] = [];

  attempt(attempt: Attempt): void {
    this.#attempts.set(attempt.marker, attempt);
  }

  acknowledge(marker: string, id: string): void {
    const before = this.#acknowledged.get(marker);
    if (before && before.id !== id) this.faults.push(`${marker} was answered as ${before.id} and as ${id}`);
    if (!before)
      this.#acknowledged.set(marker, {
        ...this.#attempts.get(marker)!,
        id,
        statuses: [],
      });
    this.answers += 1;
  }

  acknowledgeStatus(marker: string, status: Status): void {
    this.#acknowledged.get(marker)!.statuses.push(status);
    this.answers += 1;
  }

  refused(code: string, message: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    if (code !== 'DATABASE_UNAVAILABLE' && code !== 'SHUTTING_DOWN') this.faults.push(`${code}: ${message}`);
  }

  /** As it stands now: senders may go on meanwhile. */
  snapshot(): { attempts: Map<string, Attempt>; acknowledged: Acknowledged[] } {
    const acknowledged = [...this.#acknowledged.values()];
    return {
      attempts: new Map(this.#attempts),
      acknowledged: acknowledged.map((event) => ({
        ...event,
        statuses: [...event.statuses],
      })),
    };
  }
}

/** Everything wrong with what the gateway at `url` has, one line each: nothing may be lost, doubled or invented. */
export async function discrepancies(ledger: Ledger, url: string): Promise<string[]> {
  // Before the reading: what is acknowledged by now must be there.
  const { acknowledged } = ledger.snapshot();
  const stored = await readAll(url);
  const { attempts } = ledger.snapshot();
  const byMarker = new Map(stored.map((event) => [event.payload.marker, event]));
  const doubled = stored.filter((event) => byMarker.get(event.payload.marker) !== event);
  return [
    ...ledger.faults,
    ...doubled.map((event) => `${event.payload.marker} is there twice`),
    ...stored.flatMap((event) => unlike(event, attempts.get(event.payload.marker))),
    ...acknowledged.flatMap((event) => missing(event, byMarker.get(event.marker))),
  ];
}

function unlike(event: StoredEvent, attempt: Attempt | undefined): string[] {
  const { marker, letters } = event.payload;
  if (!attempt) return [`${marker} was never sent`];
  const wrong = [];
  if (letters !== payloadOf(marker).letters) wrong.push(`${marker} has another payload`);
  if (event.hash !== attempt.hash) wrong.push(`${marker} has the hash ${event.hash}`);
  if (event.requestId !== attempt.requestId) wrong.push(`${marker} is in the request ${event.requestId}`);
  const chain = event.history.map(({ from, to }) => `${from}>${to}`).join(' ');
  const whole = 'null>PENDING PENDING>IN_PROGRESS IN_PROGRESS>FINISHED';
  if (!chain || !whole.startsWith(chain)) wrong.push(`${marker} has the history ${chain}`);
  // Histories are read after their events, which may have gone on in between.
  if (!event.history.some(({ to }) => to === event.status))
    wrong.push(`${marker} is ${event.status} after ${chain}`);
  return wrong;
}

function missing(event: Acknowledged, stored: StoredEvent | undefined): string[] {
  if (!stored) return [`${event.marker} was acknowledged and is lost`];
  const reached = new Set(stored.history.map(({ to }) => to));
  const lost = event.statuses.filter((status) => !reached.has(status));
  const wrong = lost.map(
    (status) => `${event.marker} was acknowledged as ${status}, and is ${stored.status}`,
  );
  if (stored.id !== event.id)
    wrong.push(`${event.marker} was acknowledged as ${event.id}, and is ${stored.id}`);
  return wrong;
}

interface Page {
  readonly events: {
    readonly nodes: StoredEvent[];
    readonly pageInfo: {
      readonly endCursor: string | null;
      readonly hasNextPage: boolean;
    };
  };
}

/** Every event of the senders, oldest first. */
export async function readAll(url: string): Promise<StoredEvent[]> {
  const query = `query($topics: [String!], $after: String) {
    events(first: 1000, after: $after, filter: { topics: $topics }, orderBy: { by: CREATED, direction: ASC }) {
      nodes { id hash requestId status payload history { position from to } }
      pageInfo { endCursor hasNextPage }
    }
  }`;
  const all: StoredEvent[] = [];
  for (let after: string | null = null; ;) {
    const { data, errors }: { data: Page | null; errors: readonly unknown[] } = await ask<Page>(url, query, {
      variables: { topics, after },
    });
    if (!data) throw new Error(`the events cannot be read: ${JSON.stringify(errors)}`);
    all.push(...data.events.nodes);
    if (!data.events.pageInfo.hasNextPage) return all;
    after = data.events.pageInfo.endCursor;
  }
}

/** Every change there was, as the events' histories tell it, in the order of the log. */
export function changesOf(events: readonly StoredEvent[]): Change[] {
  const changes = events.flatMap(({ id, history }) =>
    history.map(({ position, to }) => ({ position, id, status: to })),
  );
  return changes.sort((a, b) => Number(BigInt(a.position) - BigInt(b.position)));
}
