// The one lock of the log, and what every statement that writes to it begins with.
import type { Statement, Transaction } from '../../database/database.ts';
import { notifyCall } from '../channels.ts';

/** The first key: any number that no other program is likely to use. */
const lockClass = 823_140_577;

/**
 * Positions are drawn only while this transaction-level advisory lock is held. It is released after the commit is
 * visible, so that positions follow commit order over all gateways, and whoever has read up to p never finds a change
 * at or below p later. A counter row under its row lock gives the same order, but its dead versions cannot be removed
 * while any transaction is open, and it slows down with each of them.
 *
 * The second key is the sequence itself: an installation in another schema of the database has another lock.
 */
const takeLock = `pg_advisory_xact_lock(${lockClass}, 'log_positions'::regclass::oid::int4)`;

/** The next position: only under the lock. */
export const nextPosition = `nextval('log_positions')`;

/** `moment` holds the time of the flush, taken under the lock and to the millisecond that callers see. */
export const lockAndTime = `
  locked AS MATERIALIZED (SELECT ${takeLock}),
  moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at FROM locked)`;

/** `hinted` has to be selected from for the hint to be sent, at commit, once. */
export const underLock = `${lockAndTime},
  hinted AS MATERIALIZED (SELECT ${notifyCall('log', '$2')} FROM locked WHERE $2 <> '')`;

/** For what must see all that was committed before it: taken by itself, the next statement of the transaction does. */
export const lockStatement: Statement = {
  name: 'take-log-lock',
  text: `SELECT ${takeLock}`,
  values: [],
};

export async function takeLogLock(tx: Transaction): Promise<void> {
  await tx.query(lockStatement);
}
