// The log lock, and the common beginning of statements that write to the log.
import type { Statement, Transaction } from '../../database/database.ts';
import { notifyCall } from '../channels.ts';

/** The first key: an arbitrary number that other programs are unlikely to use. */
const lockClass = 823_140_577;

/**
 * Positions are drawn only under this transaction-level advisory lock. It is released after the commit is visible.
 * Positions therefore follow commit order over all gateways, and a reader at p never finds a later change at or below
 * p. A counter row under its row lock gives the same order, but its dead versions cannot be removed while any
 * transaction is open, and slow it down.
 *
 * The second key is the sequence itself, so that installations in other schemas have other locks.
 */
const takeLock = `pg_advisory_xact_lock(${lockClass}, 'log_positions'::regclass::oid::int4)`;

/** Draws the next position. Requires the lock. */
export const nextPosition = `nextval('log_positions')`;

/** `moment` is the time of the flush, taken under the lock, in milliseconds. */
export const lockAndTime = `
  locked AS MATERIALIZED (SELECT ${takeLock}),
  moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at FROM locked)`;

/** Selecting from `hinted` sends the hint once, at commit. */
export const underLock = `${lockAndTime},
  hinted AS MATERIALIZED (SELECT ${notifyCall('log', '$2')} FROM locked WHERE $2 <> '')`;

/** Takes the lock in a statement of its own, so that the next statement sees everything committed before. */
export const lockStatement: Statement = {
  name: 'take-log-lock',
  text: `SELECT ${takeLock}`,
  values: [],
};

export async function takeLogLock(tx: Transaction): Promise<void> {
  await tx.query(lockStatement);
}
