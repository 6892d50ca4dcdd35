// A connection for LISTEN, shared by all channels, which reconnects when it is lost.
import type { Socket } from 'node:net';
import pg from 'pg';
import { backoffMs } from '../../base/backoff.ts';
import { asError } from '../../base/errors.ts';
import { once } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { within } from '../deadline.ts';
import { quoteIdentifier } from '../sql-failure.ts';
import { Mutex } from '../mutex.ts';

type OnHint = (payload: string) => void;

/** Interval and timeout of the connection's liveness check, in milliseconds. */
const checkEveryMs = 10_000;
const checkMs = 5_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

/** Connects at the first `listen`. A lost connection is only a warning, since notifications are hints. */
export class PostgresListener {
  readonly #config: pg.ClientConfig;
  readonly #begin: (client: pg.Client) => Promise<void>;
  readonly #logger: Logger | undefined;
  readonly #channels = new Map<string, Set<OnHint>>();
  /** Held while the connection's channels are updated. */
  readonly #mutex = new Mutex();
  #client: pg.Client | undefined;
  #subscribed = new Set<string>();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;
  #closed = false;

  /** `begin` applies the session settings to a new connection. */
  constructor(
    config: pg.ClientConfig,
    begin: (client: pg.Client) => Promise<void>,
    logger: Logger | undefined,
  ) {
    this.#config = { ...config, query_timeout: checkMs };
    this.#begin = begin;
    this.#logger = logger;
  }

  /**
   * Resolves when the channel is subscribed, or when the server turned out to be unreachable; then it keeps trying.
   */
  async listen(channel: string, onHint: OnHint): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(onHint));
    if (this.#subscribed.has(channel)) this.#hint(onHint, '');
    else await this.#settle();
    return once(async () => {
      listeners.delete(onHint);
      if (listeners.size > 0 || this.#channels.get(channel) !== listeners) return;
      this.#channels.delete(channel);
      await this.#settle();
    });
  }

  readonly close = once(async () => {
    this.#closed = true;
    clearTimeout(this.#retry);
    const leave = await this.#mutex.enter();
    clearInterval(this.#check);
    const client = this.#client;
    this.#client = undefined;
    if (client) await within(1_000, client.end(), undefined).finally(() => hangUp(client));
    leave();
  });

  async #settle(): Promise<void> {
    const leave = await this.#mutex.enter();
    try {
      if (this.#closed || (!this.#client && this.#channels.size === 0)) return;
      this.#client ??= await this.#connect();
      await this.#subscribe(this.#client);
      this.#failures = 0;
    } catch (failure) {
      this.#lost(this.#client, failure);
    } finally {
      leave();
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    client.on('error', (failure) => this.#lost(client, failure));
    client.on('end', () => this.#lost(client, new Error('the server closed the connection')));
    client.on('notification', ({ channel, payload }) => this.#spread(channel, payload ?? ''));
    try {
      await client.connect();
      await this.#begin(client);
    } catch (failure) {
      hangUp(client);
      throw failure;
    }
    this.#watch(client);
    return client;
  }

  async #subscribe(client: pg.Client): Promise<void> {
    for (const channel of this.#subscribed) {
      if (this.#channels.has(channel)) continue;
      await this.#say(client, `UNLISTEN ${quoteIdentifier(channel)}`);
      this.#subscribed.delete(channel);
    }
    for (const channel of this.#channels.keys()) {
      if (this.#subscribed.has(channel)) continue;
      await this.#say(client, `LISTEN ${quoteIdentifier(channel)}`);
      this.#subscribed.add(channel);
      this.#spread(channel, '');
    }
  }

  async #say(client: pg.Client, sql: string): Promise<void> {
    await client.query(sql);
    if (client !== this.#client) throw new Error('the connection was lost meanwhile');
  }

  /** A connection whose other end vanished sends nothing, so it must be queried. */
  #watch(client: pg.Client): void {
    clearInterval(this.#check);
    this.#check = setInterval(() => {
      client.query('SELECT 1').catch((failure: unknown) => this.#lost(client, failure));
    }, checkEveryMs);
  }

  #lost(client: pg.Client | undefined, failure: unknown): void {
    if (this.#closed || client !== this.#client) return;
    this.#client = undefined;
    this.#subscribed = new Set();
    clearInterval(this.#check);
    if (client) hangUp(client);
    this.#failures += 1;
    const waitMs = backoffMs(this.#failures, firstRetryMs, lastRetryMs);
    this.#logger?.warn(
      { err: asError(failure), waitMs },
      'the connection for notifications was lost; reconnecting',
    );
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#settle(), waitMs);
  }

  #spread(channel: string, payload: string): void {
    for (const onHint of this.#channels.get(channel) ?? []) this.#hint(onHint, payload);
  }

  #hint(onHint: OnHint, payload: string): void {
    try {
      onHint(payload);
    } catch (error) {
      this.#logger?.error({ err: error }, 'a listener for notifications failed');
    }
  }
}

/** Closes a connection without waiting for an answer. */
function hangUp(client: pg.Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}
