// What callers and watchers see while connections to the database are lost, and while it does not answer.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import type { Database, Transaction } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { takeLogLock } from '../../src/store/events/log-lock.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { forwarding } from '../support/forwarding.ts';
import { codeOf, type Composed, fresh, operationsOn, refusalOf } from '../support/gateway.ts';

interface Send {
  readonly topic: string;
  readonly hash: string | null;
}

interface Outcome {
  readonly send: Send;
  /** Of the event that was acknowledged. */
  readonly id?: string;
  readonly duplicate?: boolean;
  readonly code?: unknown;
}

const senders = 8;
const sendsEach = 40;
const rounds = 5;

async function attempt({ operations, caller }: Composed, send: Send): Promise<Outcome> {
  try {
    const { event, duplicate } = await operations.sendEvent(caller, send);
    return { send, id: event.id, duplicate };
  } catch (error) {
    return { send, code: codeOf(error) };
  }
}

describePostgres('A gateway that loses all its connections', (backend) => {
  const applicationName = 'throughline-cut-off';

  /** Ends the gateway's connections, and answers how many there were. */
  async function cut(server: Database): Promise<number> {
    const text = `SELECT count(pg_terminate_backend(pid))::int4 AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = $1`;
    const [row] = await server.query<{ count: number }>({ text, values: [applicationName] });
    return row!.count;
  }

  /** Senders at once; in the midst of their sends the connections are cut. */
  async function sendThroughCut(gateway: Composed, server: Database): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const run = async (sender: number) => {
      for (let n = 0; n < sendsEach; n++) {
        const topic = fresh('sent');
        if (sender === 0 && n === sendsEach / 2) expect(await cut(server)).toBeGreaterThan(0);
        outcomes.push(await attempt(gateway, { topic, hash: n % 2 === 0 ? topic : null }));
      }
    };
    await Promise.all(Array.from({ length: senders }, (_, sender) => run(sender)));
    return outcomes;
  }

  test('answers each send, keeps what it acknowledged once, and feeds each change once, in order', async () => {
    const server = await backend.open();
    const database = await openPostgres(backend.url, { applicationName });
    const gateway = await operationsOn(database);
    try {
      const feed = await gateway.subscribe<{ eventFeed: { position: string; event: { topic: string } } }>(
        'subscription { eventFeed { position event { topic } } }',
      );
      const outcomes: Outcome[] = [];
      for (let round = 0; round < rounds; round++) outcomes.push(...(await sendThroughCut(gateway, server)));

      expect(outcomes).toHaveLength(rounds * senders * sendsEach);
      const acknowledged = outcomes.filter(({ id }) => id !== undefined);
      for (const { id, code } of outcomes) if (id === undefined) expect(code).toBe('DATABASE_UNAVAILABLE');
      // Each hash was sent once: a write that was tried again is no duplicate of itself.
      expect(acknowledged.filter(({ duplicate }) => duplicate)).toEqual([]);

      const stored = await server.query<{ id: string; topic: string; hash: string | null }>({
        text: 'SELECT id, topic, hash FROM events',
        values: [],
      });
      expect(new Set(stored.map(({ topic }) => topic)).size).toBe(stored.length);
      const byTopic = new Map(stored.map((row) => [row.topic, row]));
      for (const { send, id } of acknowledged) expect(byTopic.get(send.topic)).toEqual({ ...send, id });

      await gateway.send({ topic: 'last' });
      const changes = await feed.until(({ eventFeed }) => eventFeed.event.topic === 'last');
      const log = await server.query<{ position: string; topic: string }>({
        text: 'SELECT position::text, topic FROM log ORDER BY log.position',
        values: [],
      });
      expect(changes.map(({ eventFeed: { position, event } }) => ({ position, topic: event.topic }))).toEqual(
        log,
      );
      feed.stop();
    } finally {
      await gateway.stop();
      await database.close();
    }
  });
});

describePostgres('A gateway whose connection is cut while a send waits for the log', (backend) => {
  const applicationName = 'throughline-behind-proxy';

  /** Resolves when so many statements of the gateway wait for the lock. */
  async function lockWaiters(tx: Transaction, count: number): Promise<void> {
    const text = `SELECT count(*)::int4 AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'`;
    const look = async () => {
      await tx.query({ text: 'SELECT pg_stat_clear_snapshot()', values: [] });
      expect(await tx.query({ text, values: [applicationName] })).toEqual([{ count }]);
    };
    await vi.waitFor(look, { timeout: 30_000, interval: 20 });
  }

  test('answers it, though the server commits the first try in the midst of the second', async () => {
    const server = await backend.open();
    const proxy = await proxyTo(backend.url);
    const database = await openPostgres(proxy.url, { applicationName });
    const gateway = await operationsOn(database, { timeoutMs: 40_000 });
    await gateway.send({ topic: 'first' });
    const sending = await server.transaction(async (tx) => {
      await takeLogLock(tx);
      const outcome = attempt(gateway, { topic: 'second', hash: null });
      await lockWaiters(tx, 1);
      proxy.cut();
      await lockWaiters(tx, 2);
      return { outcome };
    });
    const { id } = await sending.outcome;
    const text = `SELECT id FROM events WHERE topic = 'second'`;
    expect(await server.query({ text, values: [] })).toEqual([{ id }]);
    await gateway.stop();
    await database.close();
    proxy.close();
  });
});

/** In between, where connections are cut without a word to the server. */
async function proxyTo(target: string) {
  const { port, hostname } = new URL(target);
  const clients = new Set<Socket>();
  const upstreams = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
    clients.add(client);
    upstreams.add(upstream);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);
  const cut = () => {
    for (const client of clients) client.destroy();
    clients.clear();
  };
  const close = () => {
    for (const upstream of upstreams) upstream.destroy();
    proxy.close();
  };
  return { url: url.href, cut, close };
}

/** Holds each flush that creates events until it is released, with all that is in it. */
function holdCreates(database: Database) {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = forwarding(database, {
    pipeline: async (statements) => {
      if (statements.some(({ name }) => name === 'create-events')) await released;
      return database.pipeline(statements);
    },
  });
  return { held, release };
}

describeDatabases('A database that does not answer for a while', (backend) => {
  describe('with as many sends waiting as may', () => {
    const queueLimit = 4;

    test('has further ones refused as OVERLOADED, the others done when it answers, and new ones taken then', async () => {
      const { held, release } = holdCreates(await backend.open());
      const gateway = await operationsOn(held, { queueLimit });
      try {
        const waiting = Array.from({ length: queueLimit }, (_, n) => gateway.send({ topic: `waiting.${n}` }));
        for (let n = 0; n < 3; n++) {
          const refusal = await refusalOf(gateway.send({ topic: 'excess' }));
          expect(refusal.code).toBe('OVERLOADED');
        }
        const update = gateway.operations.updateEvent(gateway.caller, {
          id: '00000000-0000-4000-8000-000000000000',
          retries: 1,
        });
        let answered = 0;
        const updated = refusalOf(update);
        for (const answer of [updated, ...waiting]) void answer.then(() => (answered += 1));
        expect((await gateway.operations.countEvents(null)).count).toBe(0);
        expect(answered, 'all of them wait for the database').toBe(0);
        release();
        expect((await updated).code, 'other kinds of writes have a queue of their own').toBe('NOT_FOUND');
        const ids = await Promise.all(waiting);
        for (const [n, id] of ids.entries()) expect((await gateway.read(id)).topic).toBe(`waiting.${n}`);
        const later = await Promise.all(Array.from({ length: queueLimit }, () => gateway.send()));
        expect((await gateway.operations.countEvents(null)).count).toBe(ids.length + later.length);
        expect((await gateway.operations.countEvents({ topics: ['excess'] })).count).toBe(0);
      } finally {
        release();
        await gateway.stop();
      }
    });
  });
});
