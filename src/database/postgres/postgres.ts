// The database on a Postgres server: a connection pool in which every wait has a timeout.
import pg from 'pg';
import { asError } from '../../base/errors.ts';
import { once } from '../../base/lifecycle.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import {
  type Database,
  DatabaseUnavailable,
  StartupError,
  type Statement,
  type Transaction,
} from '../database.ts';
import { answersInTime } from '../deadline.ts';
import { type PlanMode, planModeOf, settingOf } from '../planner.ts';
import { ConnectionSlots } from './connection-slots.ts';
import { connectionReason, isConnectionFailure } from './errors.ts';
import { PostgresListener } from './listener.ts';
import { readInSlices } from './sliced-answers.ts';
import { exactTypes, exactTypesWithJsonText } from './values.ts';
import { asObjects } from '../rows.ts';
import { schemaOf } from '../migrations/schema-name.ts';
import { sessionStatement } from '../session.ts';
import { failureOf, inOneTransaction, rolledBackInstead } from '../sql-failure.ts';

export interface PostgresOptions {
  readonly logger?: Logger | undefined;
  /** Pool size, without the connection for LISTEN. Default: 10. */
  readonly poolSize?: number | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** How long to wait while the server accepts no further connection. Default: 30,000. */
  readonly waitMs?: number | undefined;
}

const connectMs = 3_000;
const startMs = limits.connectionSlotSeconds * 1_000;
/** The server's statement timeout is slightly below the client's. */
const statementMs = 14_000;
const answerMs = 15_000;
/** Longer than any pause between two statements of a transaction, and than the transfer of a large one. */
const idleInTransactionMs = 15_000;
/** Migrations may take long, and wait for one another. */
const execMs = 3_600_000;

/**
 * Connects once before it returns, and waits for a server that accepts no connection yet. Throws StartupError, without
 * the password, if the URL is malformed or the server cannot be used.
 */
export async function openPostgres(url: string, options: PostgresOptions): Promise<Database> {
  const { config, schema } = readUrl(url, options.applicationName);
  const target = describeTarget(config);
  const begin = (client: pg.ClientBase) => beginSession(client, schema);
  const pool = openPool(config, options, begin);
  const slots = new ConnectionSlots(pool, options.logger);
  try {
    const encoding = await encodingOf(await slots.connect(options.waitMs ?? startMs));
    if (encoding !== 'UTF8') {
      throw new StartupError(
        `the Postgres ${target} has the encoding ${encoding}, but Throughline requires UTF8; use a database created with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
      );
    }
  } catch (failure) {
    await pool.end();
    if (failure instanceof StartupError) throw failure;
    throw new StartupError(`cannot open the Postgres ${target}: ${connectionReason(failure)}`);
  }
  const listener = new PostgresListener(config, begin, options.logger);
  return new PostgresDatabase({ pool, slots, listener, schema });
}

function readUrl(text: string, applicationName: string): { config: pg.ClientConfig; schema: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'postgres:' && url?.protocol !== 'postgresql:') {
    throw new StartupError(
      'the database URL must be of the form postgres://user:password@host:port/database',
    );
  }
  const name = schemaOf(url);
  if ('fault' in name) throw new StartupError(`the database URL ${name.fault}`);
  const config = {
    connectionString: text,
    application_name: applicationName,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    // Statements that one caller sends without waiting in between go out together.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: exactTypes,
  };
  return { config, schema: name.schema };
}

async function beginSession(client: pg.ClientBase, schema: string): Promise<void> {
  const { text, values } = sessionStatement(schema, {
    statement_timeout: `${statementMs}ms`,
    // A gateway that stalls in the middle of a transaction might hold the log lock.
    idle_in_transaction_session_timeout: `${idleInTransactionMs}ms`,
  });
  const asking: Asking = { text, values: [...values], query_timeout: connectMs };
  // Sent first and separately, because the other may exceed the role's timeout. Both go out together.
  await Promise.all([client.query('SET statement_timeout = 0'), client.query(asking)]);
}

async function encodingOf(client: pg.PoolClient): Promise<string> {
  try {
    const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
    return rows[0]!.server_encoding;
  } finally {
    client.release();
  }
}

/** Host, port, database and user as the driver parsed them. */
function describeTarget(config: pg.ClientConfig): string {
  try {
    const { host, port, database, user } = new pg.Client(config);
    return `database "${database ?? user}" at ${host}:${port} as user "${user}"`;
  } catch {
    throw new StartupError('the database URL has an invalid parameter; check what follows its "?"');
  }
}

function openPool(
  config: pg.ClientConfig,
  options: PostgresOptions,
  onConnect: (client: pg.ClientBase) => Promise<void>,
): pg.Pool {
  const pool = new pg.Pool({ ...config, onConnect, max: options.poolSize ?? 10, idleTimeoutMillis: 30_000 });
  pool.on('error', (error) => options.logger?.warn({ err: error }, 'an idle database connection was lost'));
  // A connection lost between two statements of a transaction fails the next one. Without a listener it would end the
  // process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('connect', readInSlices);
  return pool;
}

interface PostgresParts {
  readonly pool: pg.Pool;
  readonly slots: ConnectionSlots;
  readonly listener: PostgresListener;
  readonly schema: string;
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly schema: string;
  readonly ended = new Promise<never>(() => {});
  readonly #slots: ConnectionSlots;
  readonly #listener: PostgresListener;
  readonly #loans = new Set<Promise<unknown>>();
  #closed = false;
  /** Pending statements are still answered. */
  readonly close: () => Promise<void>;

  constructor({ pool, slots, listener, schema }: PostgresParts) {
    this.schema = schema;
    this.#slots = slots;
    this.#listener = listener;
    this.close = once(async () => {
      this.#closed = true;
      // On end, the pool would drop callers that wait for a connection.
      await Promise.allSettled(this.#loans);
      await Promise.all([listener.close(), pool.end()]);
    });
  }

  query<Row extends object>(statement: Statement): Promise<Row[]> {
    return this.#lend((lease) => lease.query<Row>(statement));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#lend(async (lease) => {
      await lease.ask({ text: 'BEGIN' });
      try {
        const result = await work(lease);
        await lease.commit();
        return result;
      } catch (error) {
        await lease.rollBack();
        throw error;
      }
    });
  }

  pipeline(statements: readonly Statement[]): Promise<object[][]> {
    // The server times a statement from its start, the client from now on.
    const timeout = (before: number) => answerMs * (before + 1);
    return this.#lend((lease) =>
      inOneTransaction(
        lease.ask({ text: 'BEGIN' }),
        statements.map((statement, n) => lease.query(statement, timeout(n))),
        lease.commit(timeout(statements.length)),
      ),
    );
  }

  listen(channel: string, onHint: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, onHint);
  }

  reachable(): Promise<boolean> {
    return answersInTime(() => this.query({ text: 'SELECT 1', values: [] }));
  }

  async #lend<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    if (this.#closed) throw new DatabaseUnavailable(new Error('the database was closed'));
    const loan = this.#withConnection(work);
    this.#loans.add(loan);
    try {
      return await loan;
    } finally {
      this.#loans.delete(loan);
    }
  }

  async #withConnection<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    const client = await this.#slots.connect(connectMs).catch((failure: unknown) => {
      throw new DatabaseUnavailable(failure);
    });
    const lease = new Lease(client);
    try {
      return await work(lease);
    } finally {
      lease.end();
      client.release(lease.broken);
    }
  }
}

interface Asking extends Omit<pg.QueryArrayConfig, 'rowMode'> {
  readonly rowMode?: 'array';
  readonly query_timeout?: number;
}

/** The plan mode of each connection, if known. A setting made in a transaction is undone with it. */
const planModes = new WeakMap<pg.PoolClient, PlanMode>();

/** One connection, borrowed by one caller. */
class Lease implements Transaction {
  readonly #client: pg.PoolClient;
  #over = false;
  /** Whether the connection must not be reused. */
  broken = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async query<Row extends object>(statement: Statement, timeoutMs: number = answerMs): Promise<Row[]> {
    const { text, values, name, json } = statement;
    this.#plan(planModeOf(statement));
    const { fields, rows } = await this.ask({
      text,
      values: values as unknown[],
      rowMode: 'array',
      query_timeout: timeoutMs,
      ...(name ? { name } : {}),
      ...(json === 'text' ? { types: exactTypesWithJsonText } : {}),
    });
    return asObjects(fields, rows) as Row[];
  }

  async exec(sql: string): Promise<void> {
    await this.ask({ text: 'SET LOCAL statement_timeout = 0' });
    await this.ask({ text: sql, query_timeout: execMs });
    await this.ask({ text: `SET LOCAL statement_timeout = ${statementMs}` });
  }

  async ask(config: Asking): Promise<pg.QueryArrayResult> {
    if (this.#over) throw new Error('a statement was sent after the end of its transaction');
    try {
      return await this.#client.query(config);
    } catch (error) {
      if (!isConnectionFailure(error)) throw failureOf(asError(error));
      this.broken = true;
      throw new DatabaseUnavailable(error);
    }
  }

  async commit(timeoutMs: number = answerMs): Promise<void> {
    const { command } = await this.ask({ text: 'COMMIT', query_timeout: timeoutMs });
    if (command !== 'ROLLBACK') return;
    planModes.delete(this.#client);
    throw rolledBackInstead();
  }

  /** Never throws. A connection that cannot roll back is discarded. */
  async rollBack(): Promise<void> {
    planModes.delete(this.#client);
    if (this.broken) return;
    await this.ask({ text: 'ROLLBACK' }).catch(() => {
      this.broken = true;
    });
  }

  end(): void {
    this.#over = true;
  }

  /** Sent in front of the statement unless the connection has this mode already. */
  #plan(mode: PlanMode): void {
    if (planModes.get(this.#client) === mode) return;
    planModes.set(this.#client, mode);
    this.ask({ text: settingOf(mode) }).catch(() => planModes.delete(this.#client));
  }
}
