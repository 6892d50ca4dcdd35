// The Postgres server of the tests: finding it, and making and dropping databases on it.
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import pg from 'pg';

/** Databases of the tests: the prefix, seconds since 1970 to base 36, and a random end. */
const prefix = 'throughline_test_';
const forgottenAfterSeconds = 7_200;

/** What to say where the suites on Postgres cannot run. */
export const noServerHint =
  'skipped: no Postgres answers; start one on 127.0.0.1:5432, or give TEST_DATABASE_URL=postgres://user:password@host:port/postgres';

/** TEST_DATABASE_URL, else 127.0.0.1:5432 if it answers, else null; in continuous integration there must be one. */
export async function findServer(): Promise<string | null> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given ?? `postgres://${userInfo().username}@127.0.0.1:5432/postgres`;
  try {
    await onServer(server, 'SELECT 1');
    return server;
  } catch (failure) {
    if (given || process.env.CI === 'true') {
      throw new Error('the tests need Postgres here, and it cannot be reached', { cause: failure });
    }
    return null;
  }
}

/** The server's URL with another database. */
export function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** One statement on a connection of its own. */
export async function onServer(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** An empty database, or a copy of `template`. */
export async function createDatabase(server: string, template = 'template0'): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000).toString(36);
  const name = `${prefix}${seconds}_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  return name;
}

export async function dropDatabase(server: string, name: string): Promise<void> {
  await onServer(server, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
}

/** Drops what test runs that were killed have left. */
export async function dropForgotten(server: string): Promise<void> {
  const rows = await onServer(
    server,
    `SELECT datname FROM pg_database WHERE starts_with(datname, '${prefix}')`,
  );
  for (const name of rows.map((row) => String(row.datname))) {
    const madeAt = Number.parseInt(name.slice(prefix.length).split('_', 1)[0] ?? '', 36);
    if (Date.now() / 1000 - madeAt > forgottenAfterSeconds) await dropDatabase(server, name);
  }
}
