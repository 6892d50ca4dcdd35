// Prisma's driver adapter over the database port: Prisma Client shares its pool, timeouts and errors.
import {
  type ArgType,
  type ColumnType,
  ColumnTypeEnum,
  type ConnectionInfo,
  DriverAdapterError,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlQueryable,
  type SqlResultSet,
  type Transaction as PrismaTransaction,
} from '@prisma/driver-adapter-utils';
import type { Database, Queryable, Transaction } from './database.ts';
import type { SqlFailureFields } from './sql-failure.ts';

const provider = 'postgres';
const adapterName = 'throughline';
/** Thrown inside a transaction's work to roll it back. Not visible outside. */
const rolledBack = new Error('the transaction is rolled back');

/** Carries a port failure through Prisma, which would otherwise wrap errors that have a code. */
export class PortFailure extends Error {
  constructor(cause: unknown) {
    super('a statement of Prisma failed', { cause });
    this.name = 'PortFailure';
  }
}

export function prismaAdapter(database: Database): SqlDriverAdapterFactory {
  return { provider, adapterName, connect: async () => new Adapter(database) };
}

class PortQueryable implements SqlQueryable {
  readonly provider = provider;
  readonly adapterName = adapterName;
  readonly #queryable: Queryable;

  constructor(queryable: Queryable) {
    this.#queryable = queryable;
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    return resultSet(await this.#ask(query.sql, query));
  }

  /** Returns the number of changed rows, counted from RETURNING, since the port does not report it. */
  async executeRaw(query: SqlQuery): Promise<number> {
    const [row] = await this.#ask<{ count: number }>(
      `WITH changed AS (${query.sql} RETURNING 1) SELECT count(*)::int4 AS count FROM changed`,
      query,
    );
    return row?.count ?? 0;
  }

  /** Unnamed: lists produce a text per length, and every connection keeps its named statements. */
  async #ask<Row extends object>(text: string, { args, argTypes }: SqlQuery): Promise<Row[]> {
    const values = args.map((value, n) => toPort(value, argTypes[n]));
    try {
      return await this.#queryable.query<Row>({ text, values, json: 'text' });
    } catch (error) {
      throw constraintViolation(error) ?? new PortFailure(error);
    }
  }
}

class Adapter extends PortQueryable implements SqlDriverAdapter {
  readonly #database: Database;

  constructor(database: Database) {
    super(database);
    this.#database = database;
  }

  async executeScript(script: string): Promise<void> {
    await this.#database.transaction((tx) => tx.exec(script));
  }

  async startTransaction(isolationLevel?: IsolationLevel): Promise<PrismaTransaction> {
    const transaction = await begin(this.#database);
    if (isolationLevel !== undefined) await transaction.isolate(isolationLevel);
    return transaction;
  }

  getConnectionInfo(): ConnectionInfo {
    return { schemaName: this.#database.schema, supportsRelationJoins: false };
  }

  /** Whoever opened the database closes it. */
  async dispose(): Promise<void> {}
}

class PortTransaction extends PortQueryable implements PrismaTransaction {
  /** The port sends BEGIN, COMMIT and ROLLBACK. */
  readonly options = { usePhantomQuery: true };
  readonly #tx: Transaction;
  readonly #end: (failure?: Error) => Promise<void>;

  constructor(tx: Transaction, end: (failure?: Error) => Promise<void>) {
    super(tx);
    this.#tx = tx;
    this.#end = end;
  }

  async isolate(level: IsolationLevel): Promise<void> {
    await this.#tx.query({ text: `SET TRANSACTION ISOLATION LEVEL ${level}`, values: [] });
  }

  commit(): Promise<void> {
    return this.#end();
  }

  async rollback(): Promise<void> {
    await this.#end(rolledBack).catch((error: unknown) => {
      if (error !== rolledBack) throw error;
    });
  }
}

/** The port's transaction lasts as long as its function, which here waits for Prisma's commit or rollback. */
function begin(database: Database): Promise<PortTransaction> {
  return new Promise((resolve, reject) => {
    const over: Promise<void> = database.transaction(
      (tx) =>
        new Promise<void>((commit, rollBack) => {
          const end = (failure?: Error): Promise<void> => {
            if (failure === undefined) commit();
            else rollBack(failure);
            return over;
          };
          resolve(new PortTransaction(tx, end));
        }),
    );
    over.catch(reject);
  });
}

function toPort(value: unknown, type: ArgType | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => toPort(item, type));
  if (type?.scalarType === 'bytes' && typeof value === 'string') return Buffer.from(value, 'base64');
  return value;
}

function resultSet(rows: readonly object[]): SqlResultSet {
  const columnNames = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => Object.values(row).map(fromPort));
  const columnTypes = columnNames.map((_, n) => columnType(values.find((row) => row[n] !== null)?.[n]));
  return { columnNames, columnTypes, rows: values };
}

function fromPort(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.map(fromPort) : value;
}

/** Used for raw queries only; Prisma reads model fields by their model types. */
function columnType(value: unknown): ColumnType {
  if (typeof value === 'number')
    return Number.isInteger(value) ? ColumnTypeEnum.Int32 : ColumnTypeEnum.Double;
  if (typeof value === 'boolean') return ColumnTypeEnum.Boolean;
  if (value instanceof Uint8Array) return ColumnTypeEnum.Bytes;
  return Array.isArray(value) ? ColumnTypeEnum.TextArray : ColumnTypeEnum.Text;
}

/** Errors for which Prisma has codes that callers distinguish (P2002, P2003, P2011). Others stay the port's. */
function constraintViolation(error: unknown): DriverAdapterError | undefined {
  const { code, constraint, column, message } = error as SqlFailureFields;
  const original = { ...(code !== undefined && { originalCode: code }), originalMessage: message };
  const index = { index: constraint ?? '' };
  switch (code) {
    case '23505':
      return new DriverAdapterError({ kind: 'UniqueConstraintViolation', constraint: index, ...original });
    case '23503':
      return new DriverAdapterError({
        kind: 'ForeignKeyConstraintViolation',
        constraint: index,
        ...original,
      });
    case '23502':
      return new DriverAdapterError({
        kind: 'NullConstraintViolation',
        constraint: { fields: [column ?? ''] },
        ...original,
      });
  }
  return undefined;
}
