// The messages between the gateway's thread and the embedded database's thread.
import type { Statement } from '../database.ts';
import type { SqlFailureFields } from '../sql-failure.ts';

/** The worker's settings. */
export interface WorkerSettings {
  /** A folder, or `memory://`. A database is created in an empty one. */
  readonly dataFolder: string;
  /** A dump to start from, for a database in memory. */
  readonly from: Uint8Array<ArrayBuffer> | undefined;
}

export type Operation =
  /** One statement. Outside a transaction, no transaction is left open, whatever happens. */
  | {
      readonly do: 'query';
      readonly statement: Statement;
      readonly inside: boolean;
    }
  /** Several statements without values. */
  | { readonly do: 'exec'; readonly sql: string }
  | { readonly do: 'dump' }
  | { readonly do: 'close' };

export interface Request {
  readonly id: number;
  readonly operation: Operation;
}

export interface Answer {
  readonly rows: object[];
  /** The command tag of Postgres, such as SELECT, COMMIT or ROLLBACK. */
  readonly command: string;
  readonly dump?: Uint8Array<ArrayBuffer>;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly reason: string }
  /** The database has failed. There are no further answers. */
  | { readonly kind: 'ended'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: SqlFailureFields }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };
