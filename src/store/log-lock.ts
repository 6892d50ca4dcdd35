// The one lock of the log, and what every statement that writes to it begins with.
import type { Statement, Transaction } from '../database/database.ts';

/**
 * Positions are drawn only while this transaction-level advisory lock is held. It is released after the commit is
 * visible, so that positions follow commit order over all gateways, and whoever has read up to p never finds a change
 * at or below p later. A counter row under its row lock gives the same order, but its dead versions cannot be removed
 * while any transaction is open, and it slows down with each of them.
 */
const logLock = 8_231_405_770_112n;

/** The channel on which writers hint that the log has grown. */
export const logChannel = 'throughline_log';

/** `moment` holds the time of the flush, taken under the lock and to the millisecond that callers see. */
export const lockAndTime = `
  locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(${logLock})),
  moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at FROM locked)`;

/** `hinted` has to be selected from for the hint to be sent, at commit, once. */
export const underLock = `${lockAndTime},
  hinted AS MATERIALIZED (SELECT pg_notify('${logChannel}', $2) FROM locked WHERE $2 <> '')`;

/** For what must see all that was committed before it: taken by itself, the next statement of the transaction does. */
export const lockStatement: Statement = {
  name: 'take-log-lock',
  text: `SELECT pg_advisory_xact_lock(${logLock})`,
  values: [],
};

export async function takeLogLock(tx: Transaction): Promise<void> {
  await tx.query(lockStatement);
}
