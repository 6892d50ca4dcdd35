// What enrolling costs with a short and with a long history, in one run: idle calls and claims, by turns on both.
import { startCore } from '../src/core.ts';
import { openPostgres } from '../src/database/postgres.ts';
import type { Database } from '../src/database/database.ts';
import { openEmbedded } from '../src/database/embedded.ts';
import { createLogger } from '../src/base/logger.ts';
import { migrate } from '../src/database/migrate.ts';
import type { EnrollInput } from '../src/domain/enroll.ts';
import type { Caller, Operations } from '../src/operations/operations.ts';

const sizes = [1_000, Number(process.env.HISTORY ?? 1_000_000)];
const rounds = Number(process.env.ROUNDS ?? 400);
const caller: Caller = { name: 'bench', scopes: [], requestId: null };

/** Filters by how much of the history they let through. */
const filters: Readonly<Record<string, EnrollInput['filter']>> = {
  everything: null,
  'one in ten thousand': { conditions: [{ key: 'payload/n', value: 0 }] },
  nothing: { conditions: [{ key: 'payload/n', value: -1 }] },
};

const asked = (name: string): EnrollInput => ({
  sourceTopics: ['source'],
  targetTopic: `job.${Object.keys(filters).indexOf(name)}`,
  worker: 'bench',
  filter: filters[name],
});

interface Side {
  readonly size: number;
  readonly database: Database;
  readonly operations: Operations;
}

/** Half of the history are sources, the other half their finished jobs for the filter that lets everything through. */
async function fill(database: Database, size: number): Promise<void> {
  const query = (text: string, values: unknown[] = []) => database.query({ text, values });
  const id = (kind: number) => `('0000000${kind}-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
  const step = 50_000;
  for (let from = 1; from <= size / 2; from += step) {
    const to = Math.min(from + step - 1, size / 2);
    const at = `now() - (${size / 2} - n) * interval '1 millisecond'`;
    await query(
      `WITH n AS (SELECT n FROM generate_series($1::int, $2::int) AS n), sources AS (
          INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, payload,
            created_at, updated_at, finished_at)
          SELECT ${id(1)}, 4 * n, 4 * n, 'source', 'events.NormalType', ${id(1)}, ${id(1)}, 'FINISHED',
            jsonb_build_object('n', n % 10000, 'text', repeat('x', 200)), ${at}, ${at}, ${at} FROM n)
        INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
        SELECT 4 * n, ${id(1)}, 'CREATED', 'FINISHED', ${at}, 'source', ${id(1)}, ${id(1)} FROM n`,
      [from, to],
    );
    await query(
      `WITH n AS (SELECT n FROM generate_series($1::int, $2::int) AS n), made AS (
          INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, depends_on, status,
            created_at, updated_at, finished_at, job)
          SELECT ${id(2)}, 4 * n + 2, 4 * n + 1, 'job.0', 'events.NormalType', ${id(1)}, ${id(2)}, ${id(1)}, 'FINISHED',
            ${at}, ${at}, ${at}, true FROM n),
        held AS (INSERT INTO jobs (event_id, source_id, position, source_position, attempt, max_retries, retry_delay_ms,
            lease_ms, last_run, target, way)
          SELECT ${id(2)}, ${id(1)}, 4 * n + 2, 4 * n, 1, 3, 1000, 60000, false, 'job.0', 'w' FROM n)
        INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
        SELECT 4 * n + k, ${id(2)}, (CASE k WHEN 1 THEN 'CREATED' ELSE 'STATUS' END)::change_kind,
          (CASE k WHEN 1 THEN 'PENDING' ELSE 'FINISHED' END)::event_status, ${at}, 'job.0', ${id(1)}, ${id(2)}
        FROM n, generate_series(1, 2) AS k`,
      [from, to],
    );
  }
  await query(`SELECT setval('log_position', $1::int8)`, [4 * size + 4]);
  await query('ANALYZE');
}

async function compose(size: number, database: Database): Promise<Side> {
  await migrate(database);
  await fill(database, size);
  const { operations } = await startCore({ database, logger: createLogger('silent'), report: String });
  return { size, database, operations };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function timed<T>(times: number[], run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  times.push(performance.now() - start);
  return result;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

async function measure(name: string, sides: readonly Side[]): Promise<void> {
  const idle = sides.map((): number[] => []);
  const claims = sides.map((): number[] => []);
  const input = asked(name);
  for (const { operations, size } of sides) {
    const start = performance.now();
    // What it does not have of the history yet.
    for (;;) {
      const jobs = await operations.enroll(caller, input, 1_000);
      await operations.updateEvents(
        caller,
        jobs.map(({ event, attempt }) => ({ id: event.id, attempt, status: 'FINISHED' as const })),
      );
      if (jobs.length === 0) break;
    }
    print(`  ${name}, ${size} events: the first pass took ${Math.round(performance.now() - start)} ms`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [n, { operations }] of sides.entries()) {
      const none = await timed(idle[n]!, () => operations.enroll(caller, input, 1));
      if (none.length > 0) throw new Error('an idle call got a job');
      await operations.sendEvent(caller, { topic: 'source', payload: { n: 0, text: 'x'.repeat(200) } });
      const [job] = await timed(claims[n]!, () => operations.enroll(caller, input, 1));
      if ((job === undefined) !== (name === 'nothing')) throw new Error('a claim went wrong');
      if (job) await operations.updateEvent(caller, { id: job.event.id, attempt: 1, status: 'FINISHED' });
    }
  }
  const [short, long] = sides as [Side, Side];
  for (const [what, times] of [
    ['idle', idle],
    ['claim', claims],
  ] as const) {
    const [a, b] = [median(times[0]!), median(times[1]!)];
    print(
      `${name}, ${what}: ${a.toFixed(2)} ms at ${short.size} events, ${b.toFixed(2)} ms at ${long.size}; ratio ${(b / a).toFixed(2)}`,
    );
  }
}

const server = process.env.DATABASE_URL;
const databases: Database[] = [];
for (const size of sizes) {
  if (server === undefined) {
    databases.push(await openEmbedded('memory://'));
  } else {
    const name = `throughline_bench_${process.pid}_${size}`;
    const admin = await openPostgres(server, { applicationName: 'bench' });
    await admin.query({ text: `CREATE DATABASE ${name}`, values: [] });
    await admin.close();
    const url = new URL(server);
    url.pathname = `/${name}`;
    databases.push(await openPostgres(url.href, { applicationName: 'bench' }));
  }
}
const sides: Side[] = [];
for (const [n, size] of sizes.entries()) sides.push(await compose(size, databases[n]!));
for (const name of Object.keys(filters)) await measure(name, sides);
for (const database of databases) await database.close();
if (server !== undefined) {
  const admin = await openPostgres(server, { applicationName: 'bench' });
  for (const size of sizes)
    await admin.query({ text: `DROP DATABASE throughline_bench_${process.pid}_${size}`, values: [] });
  await admin.close();
}
process.exit(0);
