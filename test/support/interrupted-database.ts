// A database at which a test does something of its own in the very moment before or after a statement.
import type { Database, Statement } from '../../src/database/database.ts';
import { forwarding } from './forwarding.ts';

export interface Interruptions {
  before?: ((text: string) => Promise<void> | undefined) | undefined;
  after?: ((text: string) => Promise<void> | undefined) | undefined;
}

/** Statements within transactions are left alone. */
export function interrupted(database: Database, interruptions: Interruptions): Database {
  return forwarding(database, {
    query: async <Row extends object>(statement: Statement) => {
      await interruptions.before?.(statement.text);
      const rows = await database.query<Row>(statement);
      await interruptions.after?.(statement.text);
      return rows;
    },
    pipeline: async (statements) => {
      for (const { text } of statements) await interruptions.before?.(text);
      const rows = await database.pipeline(statements);
      for (const { text } of statements) await interruptions.after?.(text);
      return rows;
    },
  });
}

/** Something that a test waits for, or lets others wait for. */
export function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give: () => void = () => {};
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}
