// Sessions: whatever the server, the database or the role sets, what the gateway reads, means and keeps is the same.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Database, StartupError } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { readTemplate } from '../../src/database/embedded/template.ts';
import { describePostgres } from '../support/database.ts';
import { operationsOn, tester } from '../support/gateway.ts';
import { onServer } from '../support/postgres-server.ts';

const applicationName = 'throughline-test';

/** Each with an odd value that a database or a role may have, and the value that a session has nevertheless. */
const settings = [
  ['DateStyle', `'SQL, DMY'`, 'ISO, MDY'],
  ['DateStyle', `'German'`, 'ISO, MDY'],
  ['IntervalStyle', `'iso_8601'`, 'postgres'],
  ['TimeZone', `'Asia/Kathmandu'`, 'UTC'],
  ['bytea_output', `'escape'`, 'hex'],
  ['extra_float_digits', '-15', '1'],
  ['standard_conforming_strings', 'off', 'on'],
  ['client_encoding', `'LATIN1'`, 'UTF8'],
  ['search_path', 'nowhere, public', '"throughline"'],
  ['array_nulls', 'off', 'on'],
  ['xmlbinary', 'hex', 'base64'],
  ['quote_all_identifiers', 'on', 'off'],
  ['default_transaction_isolation', 'serializable', 'read committed'],
  ['default_transaction_read_only', 'on', 'off'],
  ['default_transaction_deferrable', 'on', 'off'],
  ['row_security', 'off', 'on'],
  ['transform_null_equals', 'on', 'off'],
  ['exit_on_error', 'on', 'off'],
  ['client_min_messages', 'debug5', 'warning'],
  ['session_replication_role', 'replica', 'origin'],
  ['statement_timeout', '20', '14s'],
  ['lock_timeout', '20', '0'],
  ['idle_in_transaction_session_timeout', '200', '15s'],
  ['idle_session_timeout', '500', '0'],
  ['synchronous_commit', 'off', 'on'],
  ['enable_indexscan', 'off', 'on'],
  ['enable_nestloop', 'off', 'on'],
  ['enable_seqscan', 'on', 'off'],
  ['join_collapse_limit', '1', '8'],
] as const;

async function settingsOf(database: Database): Promise<Map<string, string>> {
  const rows = await database.query<{ name: string; value: string }>({
    text: 'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
    values: [settings.map(([name]) => name)],
  });
  return new Map(rows.map(({ name, value }) => [name, value]));
}

/** A slice of all that a gateway does, which fails where something is read wrongly. */
async function use(database: Database): Promise<void> {
  const gateway = await operationsOn(database);
  try {
    const payload = { text: `'\\n" ü €`, at: '2026-02-03T04:05:06.789Z', ratio: 0.1, none: null };
    const before = Date.now();
    const id = await gateway.send({ topic: 'odd', description: `'\\ ü €`, payload });
    const event = await gateway.read(id);
    expect(event).toMatchObject({ description: `'\\ ü €`, payload });
    expect(Math.abs(event.createdAt.getTime() - before)).toBeLessThan(60_000);
    const { operations } = gateway;
    const [job] = await operations.enroll(
      tester,
      { sourceTopics: ['odd'], targetTopic: 'odd.job', worker: 'w' },
      1,
    );
    expect(job?.source?.id).toBe(id);
    await operations.updateEvent(tester, { id: job!.event.id, attempt: job!.attempt, status: 'FINISHED' });
    const trigger = await operations.createTrigger({ name: 'odd', schedule: { cron: '0 0 1 1 *' } });
    expect(trigger.nextRun?.toISOString()).toMatch(/-01-01T00:00:00\.000Z$/);
    const { data, errors } = await gateway.ask<{ events: { nodes: { createdAt: string }[] } }>(
      '{ events(filter: { topics: ["odd"] }) { nodes { id createdAt history { at kind } } } }',
    );
    expect(errors).toEqual([]);
    expect(data?.events.nodes[0]?.createdAt).toBe(event.createdAt.toISOString());
    // Foreign keys are checked.
    await expect(operations.deleteEvent(tester, id)).rejects.toThrow();
  } finally {
    await gateway.stop();
  }
}

const expected = new Map(settings.map(([name, , ours]) => [name as string, ours as string]));

/** What an `ALTER` takes, for each name the last of its values. */
const all = (alter: string) => settings.map(([name, odd]) => `${alter} SET ${name} = ${odd}`).join('; ');

describePostgres('A session on a server', (backend) => {
  async function open(url: string): Promise<Database> {
    const database = await openPostgres(url, { applicationName, poolSize: 3 });
    backend.releasers.add(() => database.close());
    return database;
  }

  async function altered(alterations: (database: string) => string): Promise<string> {
    const url = await backend.emptyDatabase();
    await onServer(url, alterations(`ALTER DATABASE "${new URL(url).pathname.slice(1)}"`));
    return url;
  }

  test.each(settings)('has its own %s where the database has %s', async (name, odd, ours) => {
    const database = await open(await altered((alter) => `${alter} SET ${name} = ${odd}`));
    expect((await settingsOf(database)).get(name)).toBe(ours);
  });

  test('does all that it does elsewhere where the database has everything otherwise', async () => {
    const database = await open(await altered(all));
    expect(await settingsOf(database)).toEqual(expected);
    await migrate(database);
    await use(database);
  });

  test('does so where the role has everything otherwise', async () => {
    const url = new URL(await backend.emptyDatabase());
    const role = url.pathname.slice(1);
    await onServer(url.href, `CREATE ROLE "${role}" LOGIN SUPERUSER; ${all(`ALTER ROLE "${role}"`)}`);
    backend.releasers.add(async () => void (await onServer(backend.server, `DROP ROLE "${role}"`)));
    url.username = role;
    const database = await open(url.href);
    expect(await settingsOf(database)).toEqual(expected);
    await migrate(database);
    await use(database);
    const [row] = await database.query<{ role: string }>({ text: 'SELECT current_user AS role', values: [] });
    expect(row?.role).toBe(role);
    await database.close();
    await onServer(backend.server, `DROP DATABASE "${role}" WITH (FORCE)`);
  });

  test.each(['local', 'remote_apply'])('leaves synchronous_commit as it is where it is %s', async (value) => {
    const database = await open(await altered((alter) => `${alter} SET synchronous_commit = ${value}`));
    expect((await settingsOf(database)).get('synchronous_commit')).toBe(value);
  });

  test('is begun without startup parameters that a connection pooler refuses', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const startup = once(server, 'connection').then(async ([socket]) => {
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return data.subarray(8).toString().split('\0');
    });
    await openPostgres(`postgres://me@127.0.0.1:${port}/things`, { applicationName }).catch(() => {});
    const parameters = (await startup).filter((_, n) => n % 2 === 0).filter(Boolean);
    // PgBouncer takes these without being told to.
    expect(parameters.sort()).toEqual(['application_name', 'client_encoding', 'database', 'user']);
    server.close();
  });

  test.each(['SQL_ASCII', 'LATIN1'])('is refused in one line where the encoding is %s', async (encoding) => {
    const name = `${new URL(backend.url).pathname.slice(1)}_${encoding.toLowerCase()}`;
    const options = `ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`;
    await onServer(backend.server, `CREATE DATABASE "${name}" ${options}`);
    const url = new URL(backend.server);
    url.pathname = `/${name}`;
    const refusal = await openPostgres(url.href, { applicationName }).catch((error: unknown) => error);
    await onServer(backend.server, `DROP DATABASE "${name}" WITH (FORCE)`);
    expect(refusal).toBeInstanceOf(StartupError);
    expect((refusal as Error).message).toMatch(
      new RegExp(
        `^the Postgres database "${name}" at .* has the encoding ${encoding}, but Throughline requires UTF8; .*$`,
      ),
    );
  });
});

test('a session on the embedded database has its own settings, whatever the database has', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-session-'));
  const data = join(folder, 'data');
  const first = await openEmbedded(data, { from: () => readTemplate() });
  await migrate(first);
  const odd = settings.filter(([name]) => !/timeout|exit_on_error|client_encoding|client_min/.test(name));
  const alter = odd.map(([name, value]) => `ALTER DATABASE postgres SET ${name} = ${value}`);
  await first.transaction((tx) => tx.exec(alter.join('; ')));
  await first.close();
  const second = await openEmbedded(data);
  const found = await settingsOf(second);
  for (const [name, , ours] of odd) expect([name, found.get(name)]).toEqual([name, ours]);
  await use(second);
  await second.close();
  await rm(folder, { recursive: true, force: true });
});
