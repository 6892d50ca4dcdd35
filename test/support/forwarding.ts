// A database that passes on all that it is asked, but for what a test puts in place of it.
import type { Database, Statement } from '../../src/database/database.ts';

export function forwarding(database: Database, instead: Partial<Database> = {}): Database {
  return {
    kind: database.kind,
    schema: database.schema,
    query: (statement) => database.query(statement),
    transaction: (work) => database.transaction(work),
    pipeline: (statements) => database.pipeline(statements),
    listen: (channel, onHint) => database.listen(channel, onHint),
    reachable: () => database.reachable(),
    ended: database.ended,
    close: () => database.close(),
    ...instead,
  };
}

/** Tells of each statement before it is asked, wherever: alone, in a transaction or in a pipeline. BEGIN and COMMIT are none. */
export function telling(
  database: Database,
  onStatement: (statement: Statement) => void,
  onExec: (sql: string) => void = () => {},
): Database {
  const told =
    (query: Database['query']): Database['query'] =>
    (statement) => {
      onStatement(statement);
      return query(statement);
    };
  return forwarding(database, {
    query: told((statement) => database.query(statement)),
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          query: told((statement) => tx.query(statement)),
          exec: (sql) => {
            onExec(sql);
            return tx.exec(sql);
          },
        }),
      ),
    pipeline: (statements) => {
      for (const statement of statements) onStatement(statement);
      return database.pipeline(statements);
    },
  });
}
