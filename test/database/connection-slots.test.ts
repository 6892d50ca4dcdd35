// A server, database or role that accepts no further connection: starts wait, calls share the connections there are.
import { Writable } from 'node:stream';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { DatabaseUnavailable, StartupError } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { describePostgres } from '../support/database.ts';
import { onServer } from '../support/postgres-server.ts';

const applicationName = 'throughline-slots';
const selectOne = { text: 'SELECT 1 AS one', values: [] };
const sleep = { text: 'SELECT pg_sleep(0.05)', values: [] };

async function takeSlot(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function recordingLogger() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, logger: createLogger('warn', stream) };
}

const warning = 'the Postgres server accepts no further connection now; waiting';

describePostgres('A server without a free connection slot', (backend) => {
  test('makes a start wait, with a line in the log, until there is one', async () => {
    const { url } = await backend.limitedRole(1);
    const other = await takeSlot(url);
    const { lines, logger } = recordingLogger();
    const opening = openPostgres(url, { applicationName, logger });
    await vi.waitFor(() => expect(lines).toMatchObject([{ msg: warning, open: 0, poolSize: 10 }]));
    await other.end();
    const database = await opening;
    expect(await database.query(selectOne)).toEqual([{ one: 1 }]);
    await database.close();
  });

  test('fails a start after a bounded time, with a line that says what to raise or lower', async () => {
    const { url, name } = await backend.limitedRole(1);
    const other = await takeSlot(url);
    const refusal = await openPostgres(url, { applicationName, waitMs: 500 }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(StartupError);
    expect((refusal as Error).message).toMatch(
      new RegExp(
        `^cannot open the Postgres .* as user "${name}": too many connections for role "${name}"; raise max_connections, or the CONNECTION LIMIT of the database or the role, or lower THROUGHLINE_DATABASE_POOL of each gateway$`,
      ),
    );
    await other.end();
  });

  test('serves any number of calls with the connections that are open, and more once it takes more', async () => {
    const { url, owner, name } = await backend.limitedRole(2);
    const { lines, logger } = recordingLogger();
    const database = await openPostgres(url, { applicationName, logger });
    await Promise.all(Array.from({ length: 50 }, () => database.query(sleep)));
    expect(lines, 'one line, however many calls').toMatchObject([{ msg: warning, poolSize: 10 }]);
    await onServer(owner, `ALTER ROLE "${name}" CONNECTION LIMIT 6`);
    await vi.waitFor(
      async () => {
        await Promise.all(Array.from({ length: 50 }, () => database.query(sleep)));
        const open = `SELECT 1 FROM pg_stat_activity WHERE usename = '${name}'`;
        expect(await onServer(owner, open)).toHaveLength(6);
      },
      { timeout: 20_000 },
    );
    await database.close();
  });

  test('fails a call that gets no connection with DATABASE_UNAVAILABLE, and the next works once there is one', async () => {
    const { url, owner, name } = await backend.limitedRole(1);
    const database = await openPostgres(url, { applicationName });
    await onServer(owner, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${name}'`);
    const other = await vi.waitFor(() => takeSlot(url));
    const started = performance.now();
    const outcome = await database.query(selectOne).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(DatabaseUnavailable);
    expect((outcome as Error).cause).toMatchObject({ code: '53300' });
    expect(performance.now() - started).toBeLessThan(7_000);
    expect(await database.reachable()).toBe(false);
    await other.end();
    await vi.waitFor(async () => expect(await database.query(selectOne)).toEqual([{ one: 1 }]));
    await database.close();
  });
});
