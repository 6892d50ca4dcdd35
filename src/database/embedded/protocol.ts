// What the gateway's thread and the embedded database's thread say to each other.
import type { Statement } from '../database.ts';
import type { SqlFailureFields } from '../sql-failure.ts';

/** Given to the worker at its start. */
export interface WorkerSettings {
  /** A folder, or `memory://`; a database is made in it where there is none. */
  readonly dataFolder: string;
  /** A dump to start from, in memory. */
  readonly from: Uint8Array<ArrayBuffer> | undefined;
}

export type Operation =
  /** One statement; outside a transaction it leaves none behind, whatever happens. */
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
  /** Postgres' word for what it did, such as SELECT, COMMIT or ROLLBACK. */
  readonly command: string;
  readonly dump?: Uint8Array<ArrayBuffer>;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly reason: string }
  /** The database has given up: nothing more is answered. */
  | { readonly kind: 'ended'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: SqlFailureFields }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };
