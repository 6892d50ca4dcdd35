// The outbox: events that programs sent within their own transactions, and those of them that were refused.
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

/** Removes rows for which there is no new event: `done`, and `refused`, which are kept with their reason. */
export async function settleOutbox(
  queryable: Queryable,
  done: readonly string[],
  refused: readonly Refusal[],
): Promise<void> {
  await queryable.query({
    name: 'settle-outbox',
    text: `WITH done AS (DELETE FROM outbox WHERE id = ANY ($1::uuid[])),
      refused AS (DELETE FROM outbox WHERE id = ANY ($2::uuid[]) RETURNING id, "by", input)
      INSERT INTO outbox_failures (id, at, "by", code, message, input)
      SELECT r.id, clock_timestamp(), r."by", f.code, f.message, r.input
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
