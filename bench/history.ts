// A gateway whose database has so many events: half of them sources, the other half their finished jobs.
import { Connection } from './connections.ts';
import { connectTo, createDatabase } from './databases.ts';
import { type Server, startGateway } from './processes.ts';

export interface History {
  readonly size: number;
  readonly databaseUrl: string;
  readonly gateway: Server;
  readonly connection: Connection;
  /** Of a request with twenty events. */
  readonly requestId: string;
}

const step = 50_000;
const id = (kind: number) => `('0000000${kind}-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;

/** The tables are filled before the gateway serves anybody, set by set. */
async function fill(databaseUrl: string, size: number): Promise<void> {
  const client = await connectTo(databaseUrl);
  const at = `now() - (${size / 2} - n) * interval '1 millisecond'`;
  for (let from = 1; from <= size / 2; from += step) {
    const range = [from, Math.min(from + step - 1, size / 2)];
    await client.query(
      `WITH n AS (SELECT n FROM generate_series($1::int, $2::int) AS n), sources AS (
          INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, payload,
            created_at, updated_at, finished_at)
          SELECT ${id(1)}, 4 * n, 4 * n, 'source', 'events.NormalType', ${id(1)}, ${id(1)}, 'FINISHED',
            jsonb_build_object('n', n % 10000, 'text', repeat('x', 200)), ${at}, ${at}, ${at} FROM n)
        INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
        SELECT 4 * n, ${id(1)}, 'CREATED', 'FINISHED', ${at}, 'source', ${id(1)}, ${id(1)} FROM n`,
      range,
    );
    await client.query(
      `WITH n AS (SELECT n FROM generate_series($1::int, $2::int) AS n), made AS (
          INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, depends_on, status,
            created_at, updated_at, finished_at, job)
          SELECT ${id(2)}, 4 * n + 2, 4 * n + 1, 'job.0', 'events.NormalType', ${id(1)}, ${id(2)}, ${id(1)}, 'FINISHED',
            ${at}, ${at}, ${at}, true FROM n),
        held AS (INSERT INTO jobs (event_id, source_id, position, source_position, attempt, max_retries, retry_delay_ms,
            lease_ms, last_run, target, consumer)
          SELECT ${id(2)}, ${id(1)}, 4 * n + 2, 4 * n, 1, 3, 1000, 60000, false, 'job.0', 'w' FROM n)
        INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
        SELECT 4 * n + k, ${id(2)}, (CASE k WHEN 1 THEN 'CREATED' ELSE 'STATUS' END)::change_kind,
          (CASE k WHEN 1 THEN 'PENDING' ELSE 'FINISHED' END)::event_status, ${at}, 'job.0', ${id(1)}, ${id(2)}
        FROM n, generate_series(1, 2) AS k`,
      range,
    );
  }
  await client.query(`SELECT setval('log_positions', $1::int8)`, [4 * size + 4]);
  await client.query('VACUUM ANALYZE');
  await client.end();
}

/** The position after which the last `count` sources come. */
export function lastSources({ size }: History, count: number): string {
  return String(4 * (size / 2 - count));
}

export async function openHistory(size: number): Promise<History> {
  const databaseUrl = await createDatabase();
  // The first start makes the tables; the one that is measured begins with a history.
  await (await startGateway({ DATABASE_URL: databaseUrl })).stop();
  await fill(databaseUrl, size);
  const gateway = await startGateway({ DATABASE_URL: databaseUrl });
  const connection = await Connection.open(gateway.url);
  return { size, databaseUrl, gateway, connection, requestId: await sendRequest(connection) };
}

async function sendRequest(connection: Connection): Promise<string> {
  const query = 'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id requestId } } }';
  interface Sent {
    readonly sendEvent: { readonly event: { readonly id: string; readonly requestId: string } };
  }
  const send = async (input: object) => (await connection.ask<Sent>(query, { input })).sendEvent.event;
  const root = await send({ topic: 'request' });
  for (let n = 1; n < 20; n += 1) await send({ topic: `request.${n}`, dependsOn: root.id });
  return root.requestId;
}

export async function closeHistory({ connection, gateway }: History): Promise<void> {
  connection.close();
  await gateway.stop();
}
