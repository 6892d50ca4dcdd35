// The gateway bus: transient messages between the gateways on one database, for facts that the log does not contain.
import { asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Live } from '../live/live.ts';
import type { EventProgress } from '../live/watch.ts';
import { channelOf } from '../store/channels.ts';
import { notificationBytes, notifyGateways } from '../store/notify.ts';

type Message =
  | { readonly kind: 'event'; readonly value: EventRecord }
  | { readonly kind: 'progress'; readonly value: EventProgress }
  | { readonly kind: 'lease'; readonly target: string; readonly ms: number }
  | { readonly kind: 'unsubscribed'; readonly id: string }
  | { readonly kind: 'topics' }
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'consumer'; readonly id: string }
  | { readonly kind: 'handlers' };

/** Messages that wait to be sent; beyond these the oldest are dropped, as nobody can wait for what is not stored. */
const queueLimit = 10_000;
/** Messages of other gateways of which some parts are still missing. */
const partialLimit = 100;
/** Bytes of data in one part: base64 adds a third, the envelope a little. */
const partBytes = Math.floor((notificationBytes - 100) * 0.75);

/** The listeners for each kind of message. */
export interface GatewayBusHints {
  /** A lease of a job of this target ends in so many milliseconds, sooner than it was to: here too. */
  lease(target: string, ms: number): void;
  /** A durable subscription is gone: here too. */
  unsubscribed(id: string): void;
  /** Another gateway has declared topics. */
  topics(): void;
  /** Another gateway has switched a handler on or off. */
  handlers(): void;
  /** A consumer of jobs was paused, moved or deleted; resolves when that is in effect here. */
  consumer(storedId: string): Promise<void>;
  /** A key was rotated or revoked; resolves when that is in effect here. */
  key(id: string): Promise<void>;
}

export class GatewayBus {
  readonly #database: Database;
  readonly #gatewayId: string;
  readonly #live: Live;
  readonly #logger: Logger;
  readonly #hints: GatewayBusHints;
  #queue: Message[] = [];
  #sending: Promise<void> | undefined;
  #sent = 0;
  readonly #partial = new Map<string, string[]>();
  #unlisten: (() => Promise<void>) | undefined;

  constructor(database: Database, gatewayId: string, live: Live, logger: Logger, hints: GatewayBusHints) {
    this.#database = database;
    this.#gatewayId = gatewayId;
    this.#live = live;
    this.#logger = logger;
    this.#hints = hints;
  }

  /** The embedded database has one gateway only. */
  async start(): Promise<void> {
    if (this.#database.kind === 'embedded') return;
    const channel = channelOf('live', this.#database.schema);
    this.#unlisten = await this.#database.listen(channel, (text) => this.#receive(text));
  }

  event(value: EventRecord): void {
    this.#live.publishTransient(value);
    this.#enqueue({ kind: 'event', value });
  }

  progress(value: EventProgress): void {
    this.#live.publishProgress(value);
    this.#enqueue({ kind: 'progress', value });
  }

  lease(target: string, ms: number): void {
    this.#hints.lease(target, ms);
    this.#enqueue({ kind: 'lease', target, ms });
  }

  unsubscribed(id: string): void {
    this.#hints.unsubscribed(id);
    this.#enqueue({ kind: 'unsubscribed', id });
  }

  topics(): void {
    this.#enqueue({ kind: 'topics' });
  }

  /** Resolves when the change is in effect here. */
  key(id: string): Promise<void> {
    this.#enqueue({ kind: 'key', id });
    return this.#hints.key(id);
  }

  /** Resolves when the change is in effect here. */
  consumer(id: string): Promise<void> {
    this.#enqueue({ kind: 'consumer', id });
    return this.#hints.consumer(id);
  }

  handlers(): void {
    this.#enqueue({ kind: 'handlers' });
  }

  async stop(): Promise<void> {
    await this.#sending;
    await this.#unlisten?.();
  }

  #enqueue(message: Message): void {
    if (this.#database.kind === 'embedded') return;
    if (this.#queue.length >= queueLimit) this.#queue.shift();
    this.#queue.push(message);
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const messages = this.#queue.splice(0, 500);
      await notifyGateways(this.#database, this.#toParts(messages)).catch((error: unknown) => {
        this.#logger.warn(
          { err: asError(error), lost: messages.length },
          'transient messages did not reach other gateways',
        );
      });
    }
    this.#sending = undefined;
  }

  #toParts(messages: readonly Message[]): string[] {
    const data = Buffer.from(JSON.stringify(messages));
    const count = Math.ceil(data.length / partBytes);
    this.#sent += 1;
    return Array.from({ length: count }, (_, part) => {
      const slice = data.subarray(part * partBytes, (part + 1) * partBytes).toString('base64');
      return `${this.#gatewayId} ${this.#sent} ${part} ${count} ${slice}`;
    });
  }

  #receive(text: string): void {
    const [gateway, number, part, count, slice] = text.split(' ');
    if (gateway === this.#gatewayId || slice === undefined) return;
    const key = `${gateway} ${number}`;
    const parts = this.#partial.get(key) ?? [];
    parts[Number(part)] = slice;
    this.#partial.set(key, parts);
    if (Object.keys(parts).length < Number(count)) return this.#forgetOldest();
    this.#partial.delete(key);
    const data = Buffer.concat(parts.map((base64) => Buffer.from(base64, 'base64'))).toString();
    for (const message of JSON.parse(data) as Message[]) this.#publish(message);
  }

  #forgetOldest(): void {
    const [oldest] = this.#partial.keys();
    if (this.#partial.size > partialLimit && oldest !== undefined) this.#partial.delete(oldest);
  }

  #keyChanged(id: string): void {
    this.#hints.key(id).catch((error: unknown) => {
      this.#logger.warn({ err: asError(error), keyId: id }, 'a changed key could not be read yet');
    });
  }

  #consumerChanged(id: string): void {
    this.#hints.consumer(id).catch((error: unknown) => {
      this.#logger.warn({ err: asError(error), consumerId: id }, 'a changed consumer could not be read yet');
    });
  }

  #publish(message: Message): void {
    if (message.kind === 'event') this.#live.publishTransient(withDates(message.value));
    else if (message.kind === 'lease') this.#hints.lease(message.target, message.ms);
    else if (message.kind === 'unsubscribed') this.#hints.unsubscribed(message.id);
    else if (message.kind === 'key') this.#keyChanged(message.id);
    else if (message.kind === 'consumer') this.#consumerChanged(message.id);
    else if (message.kind === 'topics') this.#hints.topics();
    else if (message.kind === 'handlers') this.#hints.handlers();
    else if (message.kind === 'progress') this.#live.publishProgress(withDates(message.value));
  }
}

const dateFields = ['at', 'createdAt', 'updatedAt', 'startedAt', 'finishedAt'] as const;

/** JSON made text of the dates of the record itself; what its payload holds stays as it is. */
function withDates<Value extends object>(value: Value): Value {
  const dates = dateFields.filter((field) => typeof Reflect.get(value, field) === 'string');
  return {
    ...value,
    ...Object.fromEntries(dates.map((field) => [field, new Date(String(Reflect.get(value, field)))])),
  };
}
