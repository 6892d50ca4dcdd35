// The database on a server: starts that cannot succeed, and connections that are lost.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { type Database, DatabaseUnavailable, StartupError } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { isConnectionFailure } from '../../src/database/postgres/errors.ts';
import { describePostgres } from '../support/database.ts';
import { onServer } from '../support/postgres-server.ts';

const applicationName = 'throughline-lost';
const selectOne = { text: 'SELECT 1 AS one', values: [] };

async function refusalOf(url: string): Promise<string> {
  const refusal = await openPostgres(url, { applicationName }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StartupError);
  expect((refusal as Error).message).not.toMatch(/secret|\n/);
  expect(JSON.stringify(refusal)).not.toContain('secret');
  return (refusal as Error).message;
}

/** A server that accepts connections and handles them as told. */
async function serve(handle: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

/** Stands before the server; when silenced, the connections of that time stay open but carry nothing any more. */
async function silencableProxy({ hostname, port: to }: URL) {
  const sockets: Socket[] = [];
  const { server, port } = await serve((near) => {
    const far = connect({ host: hostname, port: Number(to || 5432) });
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far).pipe(near);
    sockets.push(near, far);
  });
  const silence = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port, silence, close };
}

describe('a Postgres URL', () => {
  test.each([
    '',
    'nonsense',
    'mysql://root:secret@localhost/x',
    'http://secret',
    'postgres://u:secret@host:port/x',
  ])('that is none is refused: %j', async (url) => {
    expect(await refusalOf(url)).toBe(
      'the database URL must be of the form postgres://user:password@host:port/database',
    );
  });

  test('with a setting that cannot be used is refused', async () => {
    expect(
      await refusalOf('postgres://u:secret@localhost/x?sslmode=verify-full&sslrootcert=/nowhere'),
    ).toMatch(/^the database URL has an invalid parameter/);
  });

  test('where nothing listens is refused with host, port, database and user', async () => {
    expect(await refusalOf('postgres://me:secret@127.0.0.1:1/things')).toBe(
      'cannot open the Postgres database "things" at 127.0.0.1:1 as user "me": nothing accepts connections there',
    );
  });

  test('where somebody listens who never answers is refused within four seconds', async () => {
    const sockets: Socket[] = [];
    const { server, port } = await serve((socket) => sockets.push(socket));
    const started = performance.now();
    expect(await refusalOf(`postgres://me:secret@127.0.0.1:${port}/things`)).toMatch(/: no answer in time$/);
    expect(performance.now() - started).toBeLessThan(4_000);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('where the connection is closed at once is refused', async () => {
    const { server, port } = await serve((socket) => socket.destroy());
    expect(await refusalOf(`postgres://me:secret@127.0.0.1:${port}/things`)).toMatch(/closed at once$/);
    server.close();
  });
});

describe('an error', () => {
  test('of the program or of a statement is not taken for a lost connection', () => {
    expect(isConnectionFailure(new TypeError('Converting circular structure to JSON'))).toBe(false);
    expect(isConnectionFailure(Object.assign(new Error('bad'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBe(
      false,
    );
    expect(isConnectionFailure(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))).toBe(true);
    expect(isConnectionFailure(new Error('Query read timeout'))).toBe(true);
  });
});

describePostgres('a connection', (backend) => {
  const terminateOthers = () =>
    onServer(
      backend.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );

  async function withOwn(work: (database: Database) => Promise<void>): Promise<void> {
    const database = await openPostgres(backend.url, { applicationName, poolSize: 3 });
    await work(database).finally(() => database.close());
  }

  test('to a database that does not exist is refused with its name', async () => {
    const url = new URL(backend.url);
    url.pathname = '/throughline_nowhere';
    url.password = 'secret';
    expect(await refusalOf(url.href)).toMatch(/database "throughline_nowhere" does not exist$/);
  });

  test('that is lost while idle is replaced without anybody noticing', () =>
    withOwn(async (database) => {
      await Promise.all([1, 2, 3].map(() => database.query(selectOne)));
      await terminateOthers();
      await vi.waitFor(async () => expect(await database.query(selectOne)).toEqual([{ one: 1 }]));
      expect(await database.reachable()).toBe(true);
    }));

  test('that is lost under a statement says so, and the next statement works', () =>
    withOwn(async (database) => {
      const sleeping = database.query({ text: 'SELECT pg_sleep(30)', values: [] });
      const outcome = sleeping.catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await terminateOthers();
      expect(await outcome).toBeInstanceOf(DatabaseUnavailable);
      expect(await database.query(selectOne)).toEqual([{ one: 1 }]);
    }));

  test('that is lost between two statements of a transaction fails the transaction alone', () =>
    withOwn(async (database) => {
      const transaction = database.transaction(async (tx) => {
        await tx.query(selectOne);
        await terminateOthers();
        await new Promise((resolve) => setTimeout(resolve, 200));
        await tx.query(selectOne);
      });
      await expect(transaction).rejects.toThrow(DatabaseUnavailable);
      expect(await database.query(selectOne)).toEqual([{ one: 1 }]);
    }));

  test('for notifications is made anew, with a hint that something may have been missed', () =>
    withOwn(async (database) => {
      const hints: string[] = [];
      await database.listen('a', (payload) => hints.push(`a:${payload}`));
      await database.listen('b', (payload) => hints.push(`b:${payload}`));
      expect(hints).toEqual(['a:', 'b:']);
      await terminateOthers();
      await vi.waitFor(() => expect(hints).toEqual(['a:', 'b:', 'a:', 'b:']), { timeout: 10_000 });
      await onServer(backend.url, `SELECT pg_notify('a', 'news')`);
      await vi.waitFor(() => expect(hints.at(-1)).toBe('a:news'));
    }));

  test('for notifications whose other end fell silent is found out and made anew', async () => {
    const proxy = await silencableProxy(new URL(backend.url));
    const url = new URL(backend.url);
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    const database = await openPostgres(url.href, { applicationName });
    const hints: string[] = [];
    await database.listen('a', (payload) => hints.push(payload));
    proxy.silence();
    await vi.waitFor(() => expect(hints).toEqual(['', '']), { timeout: 25_000, interval: 200 });
    await onServer(backend.url, `SELECT pg_notify('a', 'news')`);
    await vi.waitFor(() => expect(hints.at(-1)).toBe('news'));
    await database.close();
    proxy.close();
  });

  test('that another holds is waited for in bounded time', async () => {
    const database = await openPostgres(backend.url, { applicationName, poolSize: 1 });
    const started = performance.now();
    await database.transaction(async () => {
      await expect(database.query(selectOne)).rejects.toThrow(DatabaseUnavailable);
      expect(await database.reachable()).toBe(false);
    });
    expect(performance.now() - started).toBeLessThan(7_000);
    await database.close();
  });

  test('keeps a statement that runs too long from running on', () =>
    withOwn(async (database) => {
      await expect(database.query({ text: 'SELECT pg_sleep(60)', values: [] })).rejects.toThrow(
        DatabaseUnavailable,
      );
      const running = await onServer(
        backend.url,
        `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'`,
      );
      expect(running).toEqual([]);
    }));

  test('is named in pg_stat_activity, and gone after closing', async () => {
    const database = await openPostgres(backend.url, { applicationName: 'throughline-named' });
    await database.listen('a', () => {});
    const connections = () =>
      onServer(backend.url, `SELECT 1 FROM pg_stat_activity WHERE application_name = 'throughline-named'`);
    expect(await connections()).toHaveLength(2);
    await database.close();
    await vi.waitFor(async () => expect(await connections()).toHaveLength(0));
  });
});
