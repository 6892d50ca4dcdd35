// Thousands of events at once for the tests of bulk mutations, and databases that let others in between statements.
import type { Database, Statement } from '../../src/database/database.ts';
import { BulkDeleter } from '../../src/log/bulk-deleter.ts';
import { type CommitOptions, Commits } from '../../src/log/commits.ts';
import { LogWriter } from '../../src/log/writer.ts';
import type { BulkParts } from '../../src/operations/events/bulk.ts';
import { countStatements } from '../support/database.ts';
import { forwarding } from '../support/forwarding.ts';
import { type Composed, fresh, operationsOn, tester } from '../support/gateway.ts';

export interface Chains {
  readonly topic: string;
  readonly count: number;
  /** How many chains: each event depends on the one so many before it. */
  readonly width: number;
  readonly project?: string;
  readonly status?: 'FINISHED' | 'PENDING';
}

/** Events that end the log now, a millisecond apart, without entries of their own; their ids, oldest first. */
export async function insertChains({ database }: Composed, chains: Chains): Promise<string[]> {
  const { topic, count, width, project = null, status = 'FINISHED' } = chains;
  const request = fresh('chains');
  const id = (n: string) => `md5($4 || ':' || (${n}))::uuid`;
  const rows = await database.query<{ id: string }>({
    text: `WITH made AS (
        INSERT INTO events (id, position, created_position, depends_on, topic, event_type, request_id, node_id, status,
          project, created_at, updated_at)
        SELECT ${id('n')}, p, p, CASE WHEN n > $3::int THEN ${id('n - $3::int')} END, $1, 't', $4, 'node-' || n,
          $6::event_status, $5, at, at
        FROM (SELECT n, nextval('log_positions') AS p, now() - ($2::int - n) * interval '1 millisecond' AS at
              FROM generate_series(1, $2::int) AS n) s
        RETURNING id, created_position)
      SELECT id FROM made ORDER BY created_position`,
    values: [topic, count, width, request, project, status],
  });
  return rows.map((row) => row.id);
}

/** All that is kept of events. */
export async function snapshot({ database }: Composed): Promise<readonly object[]> {
  const text = `SELECT e.id, e.status, e.position, e.updated_at FROM events e
    UNION ALL SELECT l.event_id, l.status, l.position, l.at FROM log l ORDER BY position, id`;
  return database.query<object>({ text, values: [] });
}

/** Parts of their own, on this database. */
export function bulkParts(
  database: Database,
  options: Partial<CommitOptions> = {},
): BulkParts & { readonly writer: LogWriter } {
  const writing = { hint: '', onCommit: () => {}, ...options };
  return {
    database,
    writer: new LogWriter(new Commits(database, writing), new BulkDeleter(database, writing)),
  };
}

export interface Interruptions {
  /** After each page of events that was read; what is read first is where the events end. */
  readonly afterPage?: () => Promise<void>;
  /** Before each transaction. */
  readonly beforeTransaction?: () => Promise<void>;
  /** In each transaction, after its last statement. */
  readonly beforeCommit?: () => Promise<void>;
  /** After each transaction. */
  readonly afterCommit?: () => Promise<void>;
}

/** The database, with others let in between its statements. */
export function intercepted(database: Database, given: Interruptions): Database {
  let reads = 0;
  // Where a search has given up is asked with the epoch for a place of no event.
  const readsEvents = ({ text }: Statement) => text.includes('place_position') && !text.includes('epoch');
  return forwarding(database, {
    query: async <Row extends object>(statement: Statement) => {
      const rows = await database.query<Row>(statement);
      if (readsEvents(statement) && ++reads > 1) await given.afterPage?.();
      return rows;
    },
    transaction: async (work) => {
      await given.beforeTransaction?.();
      const result = await database.transaction(async (tx) => {
        const answer = await work(tx);
        await given.beforeCommit?.();
        return answer;
      });
      await given.afterCommit?.();
      return result;
    },
  });
}

type BulkName = 'restartEvents' | 'abortEvents' | 'deleteEvents';

/** How many statements more each batch takes. */
export async function statementsPerBatch(gateway: Composed, name: BulkName, dryRun = false): Promise<number> {
  const counting = countStatements(gateway.database);
  const counted = await operationsOn(counting, { onCommit: () => {} });
  const run = async (count: number) => {
    const topic = fresh('topic');
    const status = name === 'abortEvents' ? 'PENDING' : 'FINISHED';
    await insertChains(gateway, { topic, count, width: 10, status });
    counting.statements.length = 0;
    const outcome = await counted.operations[name](tester, { topics: [topic] }, dryRun);
    if (outcome.count !== count) throw new Error(`${name} handled ${outcome.count} of ${count}`);
    return counting.statements.length;
  };
  // None of them fills its last batch.
  const [few, many] = [await run(700), await run(2_700)];
  await counted.stop();
  return (many - few) / 4;
}
