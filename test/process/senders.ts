// Persistent senders: each sends and changes events, and retries until it gets an answer, whatever happens meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask } from '../support/process.ts';
import type { Address } from './address.ts';
import { type Attempt, type Ledger, payloadOf, type Status } from './ledger.ts';
import { type Random, seeded, whole } from './random.ts';

const sendOne = 'mutation($input: SendEventInput!) { sendEvent(input: $input) { duplicate event { id } } }';
const sendMany = `mutation($input: [SendEventInput!]!) {
  sendEvents(input: $input) { events { id } errors { index code message } }
}`;
const update = 'mutation($input: UpdateEventInput!) { updateEvent(input: $input) { id status } }';

interface SentOne {
  readonly sendEvent: {
    readonly duplicate: boolean;
    readonly event: { readonly id: string };
  };
}
interface SentMany {
  readonly sendEvents: {
    readonly events: readonly ({ readonly id: string } | null)[];
    readonly errors: readonly {
      readonly index: number;
      readonly code: string;
      readonly message: string;
    }[];
  };
}
interface Updated {
  readonly updateEvent: { readonly id: string; readonly status: Status };
}

/** No answer may take longer, in milliseconds, whatever state the database is in. */
const boundMs = 20_000;

export class Senders {
  readonly #address: Address;
  readonly #ledger: Ledger;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(count: number, address: Address, ledger: Ledger) {
    this.#address = address;
    this.#ledger = ledger;
    this.#loops = Array.from({ length: count }, (_, number) => this.#run(`kill-${number}`, seeded(number)));
  }

  /** Each finishes what it has begun; afterwards everything that may be repeated is answered. */
  async finish(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #run(name: string, random: Random): Promise<void> {
    for (let round = 0; !this.#stopped; round += 1) {
      const marker = `${name}-${round}`;
      const turn = whole(random, 4);
      if (turn === 0) await this.#sendOnce(name, marker);
      else if (turn === 1) await this.#sendBatch(name, marker, 2 + whole(random, 6));
      else await this.#work(name, marker, random);
    }
  }

  /** Without a hash it cannot be repeated: what became of it, where no answer came, is not known. */
  async #sendOnce(requestId: string, marker: string): Promise<void> {
    const attempt = this.#attempt(requestId, marker, null);
    const data = await this.#try<SentOne>(sendOne, inputOf(attempt));
    if (data) this.#ledger.acknowledge(marker, data.sendEvent.event.id);
  }

  async #sendBatch(requestId: string, marker: string, size: number): Promise<void> {
    const markers = Array.from({ length: size }, (_, index) => `${marker}-${index}`);
    let left = markers.map((each) => this.#attempt(requestId, each, each));
    while (left.length > 0) {
      const { sendEvents } = await this.#insist<SentMany>(sendMany, left.map(inputOf));
      for (const { code, message } of sendEvents.errors) this.#ledger.refused(code, message);
      for (const [index, event] of sendEvents.events.entries()) {
        if (event) this.#ledger.acknowledge(left[index]!.marker, event.id);
      }
      left = left.filter((_, index) => sendEvents.events[index] === null);
    }
  }

  /** An event through its life, sometimes sent again in the midst of it. */
  async #work(requestId: string, marker: string, random: Random): Promise<void> {
    const input = inputOf(this.#attempt(requestId, marker, marker));
    const { sendEvent } = await this.#insist<SentOne>(sendOne, input);
    const { id } = sendEvent.event;
    this.#ledger.acknowledge(marker, id);
    await this.#change(marker, id, 'IN_PROGRESS');
    if (whole(random, 3) === 0) {
      const again = await this.#insist<SentOne>(sendOne, input);
      this.#ledger.acknowledge(marker, again.sendEvent.event.id);
      if (!again.sendEvent.duplicate) this.#ledger.faults.push(`${marker} was written twice`);
    }
    if (whole(random, 2) === 0) await this.#change(marker, id, 'FINISHED');
  }

  async #change(marker: string, id: string, status: Status): Promise<void> {
    const { updateEvent } = await this.#insist<Updated>(update, { id, status });
    if (updateEvent.status !== status) this.#ledger.faults.push(`${marker} is not ${status}`);
    this.#ledger.acknowledgeStatus(marker, status);
  }

  #attempt(requestId: string, marker: string, hash: string | null): Attempt {
    const attempt = { marker, requestId, hash };
    this.#ledger.attempt(attempt);
    return attempt;
  }

  async #insist<Data>(query: string, input: object): Promise<Data> {
    for (;;) {
      const data = await this.#try<Data>(query, input);
      if (data) return data;
      // The gateway may still be where it was: no need to ask it a thousand times a second.
      await delay(10);
    }
  }

  /** Null where the gateway refused, or went away before it answered. */
  async #try<Data>(query: string, input: object): Promise<Data | null> {
    const answer = await this.#send<Data>(query, input);
    for (const { message, extensions } of answer?.errors ?? []) {
      this.#ledger.refused(extensions.code, message);
    }
    return answer?.data ?? null;
  }

  async #send<Data>(query: string, input: object): Promise<Answer<Data> | null> {
    const url = await this.#address.current;
    try {
      return await ask<Data>(url, query, {
        variables: { input },
        withinMs: boundMs,
      });
    } catch (failure) {
      if ((failure as Error).name === 'TimeoutError') {
        this.#ledger.faults.push(`no answer within ${boundMs} ms`);
      }
      return null;
    }
  }
}

function inputOf({ marker, requestId, hash }: Attempt): object {
  return {
    topic: `kill.${requestId}`,
    requestId,
    hash,
    finished: false,
    payload: payloadOf(marker),
  };
}
