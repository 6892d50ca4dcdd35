// Databases of the bench's own on the Postgres server, dropped when it ends.
import { userInfo } from 'node:os';
import pg from 'pg';

const server = process.env.TEST_DATABASE_URL ?? `postgres://${userInfo().username}@127.0.0.1:5432/postgres`;
const made: string[] = [];
let madeBefore = 0;

/** A client of one connection, to be ended. Our tables are in a schema of their own; those of the bench and of peers may be elsewhere. */
export async function connectTo(url: string = server): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=throughline,public' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

export async function queryOn(url: string, text: string, values: unknown[] = []): Promise<unknown[][]> {
  const client = await connectTo(url);
  try {
    return (await client.query({ text, values, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

/** What a statement that answers one number answers. */
export async function countOn(url: string, text: string): Promise<number> {
  return Number((await queryOn(url, text))[0]?.[0]);
}

/** An empty database; its URL. */
export async function createDatabase(): Promise<string> {
  madeBefore += 1;
  const name = `throughline_bench_${process.pid}_${madeBefore}`;
  await queryOn(server, `CREATE DATABASE ${name}`);
  made.push(name);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Ends what a gateway that was killed has left running. */
export async function endSessions(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await queryOn(server, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
}

export async function dropDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  made.splice(made.indexOf(name), 1);
  await queryOn(server, `DROP DATABASE ${name} WITH (FORCE)`);
}

export async function dropDatabases(): Promise<void> {
  for (const name of made.splice(0)) await queryOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

export async function serverVersion(): Promise<string> {
  const [[version] = []] = await queryOn(server, 'SHOW server_version');
  return `Postgres ${String(version).split(' ', 1)[0]}`;
}
