// The outbox: events that programs sent within their own transactions, and those of them that were refused.
import type { OutboxFailureModel } from '../../../generated/prisma/models.ts';
import type { Queryable } from '../../database/database.ts';
import { limits } from '../../base/limits.ts';

export interface OutboxRow {
  /** That of the event, too. */
  readonly id: string;
  /** The database role that sent it. */
  readonly by: string;
  /** JSON text. */
  readonly input: string;
}

/** Why a row was refused. */
export interface Refusal {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

/** The first key: an arbitrary number that other programs are unlikely to use. */
const lockClass = 823_140_579;

/**
 * The next rows in the order of their commits; null if another gateway is moving rows. The rows of a transaction are kept
 * together: `xmin` is the transaction that numbered them, their own.
 *
 * The advisory lock is released with the transaction. It only saves gateways from doing the same work: a gateway that
 * sees a row sees all that were committed before it too, and whatever is moved twice is found to be gone.
 */
export async function readOutbox(queryable: Queryable): Promise<readonly OutboxRow[] | null> {
  const rows = await queryable.query<OutboxRow & { readonly isOurs: boolean; readonly id: string | null }>({
    name: 'read-outbox',
    text: `WITH locked AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(${lockClass}, 'outbox'::regclass::oid::int4) AS ours
      )
      SELECT l.ours AS "isOurs", r.id, r."by", r.input::text AS input
      FROM locked l LEFT JOIN LATERAL (
        SELECT s.*, min(s.commit_order) OVER (PARTITION BY s.transaction) AS first
        FROM (
          SELECT o.id, o."by", o.input, o.commit_order, o.xmin::text AS transaction,
            sum(o.bytes) OVER (ORDER BY o.commit_order ROWS UNBOUNDED PRECEDING) - o.bytes AS bytes_before
          FROM (SELECT x.*, x.xmin FROM outbox x ORDER BY x.commit_order LIMIT $1) o
        ) s
        WHERE s.bytes_before < $2
      ) r ON l.ours
      ORDER BY r.first, r.commit_order`,
    values: [limits.outboxBatch, limits.outboxBatchBytes],
  });
  if (!rows[0]?.isOurs) return null;
  return rows.filter(({ id }) => id !== null);
}

export interface OutboxState {
  /** Up to the count cap. */
  readonly waiting: number;
  readonly oldestAt: Date | null;
}

export async function readOutboxState(queryable: Queryable): Promise<OutboxState> {
  const [state] = await queryable.query<OutboxState>({
    name: 'outbox-state',
    text: `SELECT count(*)::int AS waiting, min(at) AS "oldestAt"
      FROM (SELECT at FROM outbox ORDER BY commit_order LIMIT $1) o`,
    values: [limits.countCap],
  });
  return state!;
}

/** The earliest failures; fewer if their inputs are large. */
export function readFailures(queryable: Queryable): Promise<OutboxFailureModel[]> {
  return queryable.query({
    text: `SELECT id, at, "by", code, message, input
      FROM (
        SELECT f.*, sum(f.bytes) OVER (ORDER BY f.at, f.id ROWS UNBOUNDED PRECEDING) - f.bytes AS bytes_before
        FROM (SELECT * FROM outbox_failures ORDER BY at, id LIMIT $1) f
      ) s WHERE bytes_before < $2 ORDER BY at, id`,
    values: [limits.outboxFailures, limits.pageBytes],
  });
}

/** Returns how many there were. */
export async function deleteFailures(queryable: Queryable, ids: readonly string[]): Promise<number> {
  const text = 'DELETE FROM outbox_failures WHERE id = ANY ($1::uuid[]) RETURNING id';
  return (await queryable.query({ text, values: [ids] })).length;
}

/** Removes rows for which there is no new event: `done`, and `refused`, which are kept with their reason. */
export async function settleOutbox(
  queryable: Queryable,
  done: readonly string[],
  refused: readonly Refusal[],
): Promise<void> {
  await queryable.query({
    name: 'settle-outbox',
    text: `WITH done AS (DELETE FROM outbox WHERE id = ANY ($1::uuid[])),
      refused AS (DELETE FROM outbox WHERE id = ANY ($2::uuid[]) RETURNING id, "by", bytes, input)
      INSERT INTO outbox_failures (id, at, "by", code, message, bytes, input)
      SELECT r.id, clock_timestamp(), r."by", f.code, f.message, r.bytes, r.input
      FROM refused r JOIN unnest($2::uuid[], $3::text[], $4::text[]) AS f(id, code, message) ON f.id = r.id
      ON CONFLICT DO NOTHING`,
    values: [
      done,
      refused.map(({ id }) => id),
      refused.map(({ code }) => code),
      refused.map(({ message }) => message),
    ],
  });
}
