// The checks of a database: encoding, settings, clock, migrations, dead rows and open transactions. Nothing is changed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../base/logger.ts';
import { type Database, StartupError } from '../../database/database.ts';
import { missingMigration } from '../../database/migrations/migrate.ts';
import { openUnmigrated } from '../../database/open.ts';
import {
  readServerState,
  readSettings,
  readTables,
  type ServerState,
} from '../../store/diagnosis/diagnosis.ts';
import { duration } from '../output/durations.ts';
import { type Finding, note, ok, problem, warning } from './finding.ts';

export interface DatabaseTarget {
  readonly databaseUrl?: string | undefined;
  readonly data?: string | undefined;
}

const clockMs = 2_000;
/** Dead rows below this are no matter. */
const manyDeadRows = 10_000n;
const longTransactionSeconds = 300;
/** Used connections beyond this part of all are a warning. */
const usedConnections = 0.8;

export async function checkDatabase({ databaseUrl, data }: DatabaseTarget): Promise<Finding[]> {
  const folder = data ?? '';
  if (databaseUrl === undefined && !existsSync(join(folder, 'data')))
    return [
      problem(
        'database',
        `There is no embedded database in ${folder}.`,
        'Name the folder that a gateway uses as THROUGHLINE_DATA.',
      ),
    ];
  let database: Database;
  try {
    database = await openUnmigrated({
      url: databaseUrl,
      folder,
      logger: createLogger('silent'),
      poolSize: 2,
    });
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [
      problem(
        'database',
        error.message,
        databaseUrl === undefined ? 'A gateway must not use it at the same time.' : undefined,
      ),
    ];
  }
  try {
    return await checkOpened(database);
  } finally {
    await database.close();
  }
}

async function checkOpened(database: Database): Promise<Finding[]> {
  const askedAt = Date.now();
  const state = await readServerState(database);
  const middle = (askedAt + Date.now()) / 2;
  const isServer = database.kind === 'postgres';
  const gigabytes = Number(state.bytes) / 1024 ** 3;
  return [
    ok('database', `Postgres ${state.version}${isServer ? '' : ', embedded'}, ${gigabytes.toFixed(2)} GiB`),
    ...encoding(state),
    ...(isServer ? clock(state, middle) : []),
    ...(await migrations(database)),
    ...(await settings(database, state)),
    ...(await deadRows(database)),
    ...(isServer ? transactions(state) : []),
  ];
}

function encoding({ encoding: name, collation }: ServerState): Finding[] {
  if (name === 'UTF8') return [ok('encoding', `UTF8, collation ${collation}`)];
  return [
    problem(
      'encoding',
      `The encoding is ${name}.`,
      "Throughline needs UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    ),
  ];
}

function clock({ now }: ServerState, here: number): Finding[] {
  const aheadMs = now.getTime() - here;
  if (Math.abs(aheadMs) < clockMs)
    return [ok('database clock', `It differs by ${duration(Math.abs(aheadMs))} from this machine's.`)];
  const by = `${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
  return [
    warning(
      'database clock',
      `The database's clock is ${by}.`,
      'Leases and schedules follow it: let all machines keep their time by NTP.',
    ),
  ];
}

async function migrations(database: Database): Promise<Finding[]> {
  try {
    const next = await missingMigration(database);
    if (next === undefined) return [ok('migrations', 'All are applied.')];
    return [
      note('migrations', `${next} is not applied yet; the next start of a gateway of this version does it.`),
    ];
  } catch (error) {
    if (error instanceof StartupError) return [problem('migrations', error.message)];
    throw error;
  }
}

/** What each setting should be, and what happens otherwise. */
const expected = [
  ['fsync', 'on', 'problem', 'A power loss can destroy the database.'],
  ['full_page_writes', 'on', 'problem', 'A power loss can destroy the database.'],
  ['synchronous_commit', 'on', 'warning', 'A crash of the server can lose events that were acknowledged.'],
  ['autovacuum', 'on', 'problem', 'Dead rows are never removed, and everything becomes slower.'],
  ['track_counts', 'on', 'warning', 'Autovacuum does not know when to run.'],
] as const;

/** Values that are at least as safe. */
const alsoSafe: Readonly<Record<string, readonly string[]>> = {
  synchronous_commit: ['remote_write', 'remote_apply', 'local'],
};

async function settings(database: Database, { connections }: ServerState): Promise<Finding[]> {
  const found = await readSettings(database, [...expected.map(([name]) => name), 'max_connections']);
  if (database.kind === 'embedded')
    return [
      note(
        'settings',
        'The embedded database runs without fsync: commits survive a killed process, not a power loss.',
      ),
    ];
  const wrong = expected
    .filter(([name, value]) => {
      const is = found.get(name);
      return is !== undefined && is !== value && !alsoSafe[name]?.includes(is);
    })
    .map(([name, value, level, effect]) => {
      const hint = `Set it to ${value} in the server's configuration.`;
      const message = `${name} is ${found.get(name)}. ${effect}`;
      return level === 'problem' ? problem('settings', message, hint) : warning('settings', message, hint);
    });
  const most = Number(found.get('max_connections') ?? 0);
  const full = connections > most * usedConnections;
  return [
    ...(wrong.length === 0 ? [ok('settings', `${expected.map(([name]) => name).join(', ')}: on`)] : wrong),
    full
      ? warning(
          'connections',
          `${connections} of ${most} connections are in use.`,
          'Raise max_connections, or use fewer gateways.',
        )
      : ok('connections', `${connections} of ${most} are in use.`),
  ];
}

async function deadRows(database: Database): Promise<Finding[]> {
  const tables = await readTables(database);
  const bad = tables.filter(({ liveRows, deadRows: dead }) => dead > manyDeadRows && dead > liveRows / 2n);
  if (bad.length === 0) {
    const total = tables.reduce((sum, { deadRows: dead }) => sum + dead, 0n);
    return [ok('dead rows', `${total} in ${tables.length} tables`)];
  }
  return bad.map(({ name, deadRows: dead, liveRows, vacuumedAt }) =>
    warning(
      'dead rows',
      `${name} has ${dead} dead rows beside ${liveRows} live ones, vacuumed ${vacuumedAt ? `at ${vacuumedAt.toISOString()}` : 'never'}.`,
      'Look for transactions that are held open; then run VACUUM, or let autovacuum run more often on this table.',
    ),
  );
}

function transactions({ oldestTransaction }: ServerState): Finding[] {
  if (oldestTransaction < longTransactionSeconds) return [];
  const age = duration(oldestTransaction * 1_000);
  return [
    warning(
      'transactions',
      `A transaction has been open for ${age}.`,
      'It keeps dead rows from being removed: find it in pg_stat_activity and end it.',
    ),
  ];
}
