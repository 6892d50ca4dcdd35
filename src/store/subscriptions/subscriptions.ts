// Stored durable subscriptions: creation, reads, listing, use and removal.
import sql, { empty, raw } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import type { Located, Ownership, RowScope } from '../../domain/access/row-scope.ts';
import type { Position } from '../../domain/events/event.ts';
import type { CheckedSubscribe, DurableSubscription } from '../../domain/subscriptions/subscription.ts';
import type { CreationPoint } from '../../domain/values/created-page.ts';
import { andOwned, holdsEvent } from '../control/ownership-sql.ts';
import type { MostOwned } from '../jobs/consumers.ts';

/** An expired subscription does not exist for callers, whether it was removed yet or not. */
export const columnsOfSubscription = raw(`s.id, s.name, s.source, s.topics, s.filter AS "where",
  CASE WHEN s.manual THEN 'MANUAL' ELSE 'AUTO' END AS ack, s.visibility_ms AS "visibilityMs", s.position,
  s.filter_errors AS "filterErrors", s.last_filter_error AS "lastFilterError", s.created_at AS "createdAt",
  s.expires_after_days AS "expiresAfterDays", s.expires_at AS "expiresAt", s.rows`);

/** The outcome of an insert. */
export interface Inserted {
  /** Null if the start position lies past the end of the log, or there are too many subscriptions. */
  readonly subscription: DurableSubscription | null;
  /** The end of the log. */
  readonly logEnd: Position;
  /** Whether the key, or the installation, has the maximum number of subscriptions. */
  readonly isFull: boolean;
}

/** The id of a subscription, the name and id of its key, and what that sees. */
export interface SubscriptionOwner {
  readonly id: string;
  readonly owner: string;
  readonly key?: string | null;
  readonly rows?: RowScope | null;
}

/**
 * Positions follow commit order, so everything outside this statement's snapshot comes after the last position in it:
 * no later commit is missed. The snapshot contains everything that any gateway has acknowledged.
 */
export async function insertSubscription(
  database: Queryable,
  { id, owner, key = null, rows = null }: SubscriptionOwner,
  given: CheckedSubscribe,
  most: MostOwned,
): Promise<Inserted> {
  const { after, ack, visibilityMs, name, source, topics, where, expiresAfterDays } = given;
  const [row] = await database.query<
    (DurableSubscription | { id: null }) & Omit<Inserted, 'subscription'>
  >(sql`
    WITH moment AS (SELECT date_trunc('milliseconds', clock_timestamp()) AS at),
    ends AS MATERIALIZED (SELECT coalesce(max(position), 0)::int8 AS position FROM log),
    counts AS MATERIALIZED (
      SELECT count(*) >= ${most.inAll} OR count(*) FILTER (WHERE owner = ${owner}) >= ${most.perKey} AS full
      FROM subscriptions WHERE expires_at > now()
    ),
    s AS (
      INSERT INTO subscriptions (id, position, created_at, used_at, expires_at, expires_after_days, visibility_ms,
        manual, name, source, topics, filter, owner, key_id, rows)
      SELECT ${id}::uuid, coalesce(${after}::int8, l.position), m.at, m.at,
        m.at + make_interval(days => ${expiresAfterDays}::int4), ${expiresAfterDays}::int4, ${visibilityMs}::int4,
        ${ack === 'MANUAL'}::boolean, ${name}, ${source}, ${topics}::text[], ${where}, ${owner}, ${key},
        ${rows && JSON.stringify(rows)}::jsonb
      FROM moment m, ends l, counts c
      WHERE coalesce(${after}::int8, 0) <= l.position AND NOT c.full
      RETURNING *
    )
    SELECT l.position AS "logEnd", c.full AS "isFull", ${columnsOfSubscription}
    FROM ends l CROSS JOIN counts c LEFT JOIN s ON true`);
  const { logEnd, isFull, ...subscription } = row!;
  return { subscription: subscription.id === null ? null : subscription, logEnd, isFull };
}

/** Returns whether it existed. */
export async function deleteSubscription(
  database: Queryable,
  id: string,
  owned: Ownership | null,
): Promise<boolean> {
  const rows = await database.query(
    sql`DELETE FROM subscriptions s WHERE s.id = ${id}::uuid ${andOwned(owned, 's')}
      RETURNING s.expires_at > now() AS live`,
  );
  return rows.some((row) => 'live' in row && row.live === true);
}

/**
 * It delivers what comes after this position; deliveries that were not acknowledged are dropped. Nothing happens past the
 * end of the log, which is returned.
 */
export async function moveSubscription(
  database: Queryable,
  id: string,
  after: Position,
  owned: Ownership | null,
): Promise<{ readonly subscription: DurableSubscription | null; readonly logEnd: Position }> {
  const [row] = await database.query<(DurableSubscription | { id: null }) & { logEnd: Position }>(sql`
    WITH ends AS MATERIALIZED (SELECT coalesce(max(position), 0)::int8 AS position FROM log),
    s AS (
      UPDATE subscriptions s SET position = ${after}, used_at = now(),
        expires_at = now() + make_interval(days => s.expires_after_days)
      FROM ends e WHERE s.id = ${id}::uuid AND s.expires_at > now() AND ${after}::int8 <= e.position ${andOwned(owned, 's')}
      RETURNING s.*
    ),
    dropped AS (DELETE FROM deliveries d USING s WHERE d.subscription_id = s.id)
    SELECT l.position AS "logEnd", ${columnsOfSubscription} FROM ends l LEFT JOIN s ON true`);
  const { logEnd, ...subscription } = row!;
  return { subscription: subscription.id === null ? null : subscription, logEnd };
}

export function readSubscriptions(
  database: Queryable,
  ids: readonly string[],
  owned: Ownership | null,
): Promise<DurableSubscription[]> {
  return database.query(sql`SELECT ${columnsOfSubscription}
    FROM subscriptions s WHERE s.id = ANY(${ids}::uuid[]) AND s.expires_at > now() ${andOwned(owned, 's')}`);
}

/** Those for events of this topic and this sender, with the event in their rows: how many have no filter, and those that have one. */
export async function readSubscriptionsFor(
  database: Queryable,
  event: Located & { readonly sender: string | null },
): Promise<{ unfiltered: number; filtered: DurableSubscription[] }> {
  const { topic, sender } = event;
  const fits = sql`${holdsEvent(event, 's')} AND s.expires_at > now() AND (s.source IS NULL OR s.source = ${sender})
    AND (s.topics IS NULL OR ${topic} LIKE ANY(ARRAY(SELECT replace(replace(replace(replace(p,
      E'\\\\', E'\\\\\\\\'), '%', E'\\\\%'), '_', E'\\\\_'), '*', '%') FROM unnest(s.topics) AS p)))`;
  const [counted] = await database.query<{ count: number }>(
    sql`SELECT count(*)::int4 AS count FROM subscriptions s WHERE s.filter IS NULL AND ${fits}`,
  );
  const filtered = await database.query<DurableSubscription>(
    sql`SELECT ${columnsOfSubscription} FROM subscriptions s WHERE s.filter IS NOT NULL AND ${fits}`,
  );
  return { unfiltered: counted?.count ?? 0, filtered };
}

export function listSubscriptions(
  database: Queryable,
  limit: number,
  after: CreationPoint | null,
  owned: Ownership | null,
): Promise<DurableSubscription[]> {
  const bound =
    after === null ? empty : sql`AND (s.created_at, s.id) > (${after.at}::timestamptz, ${after.id}::uuid)`;
  return database.query(sql`SELECT ${columnsOfSubscription}
    FROM subscriptions s WHERE s.expires_at > now() ${bound} ${andOwned(owned, 's')} ORDER BY s.created_at, s.id LIMIT ${limit}`);
}

/** Renews the expiry of used subscriptions, in the order of their ids to avoid deadlocks. */
export async function keepSubscriptions(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(sql`
    WITH kept AS MATERIALIZED (
      SELECT id FROM subscriptions WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE subscriptions s SET used_at = now(), expires_at = now() + make_interval(days => s.expires_after_days)
    FROM kept WHERE s.id = kept.id AND s.expires_at > now()`);
}

/** Removes up to `batch` expired subscriptions. Returns their number. */
export async function deleteExpired(database: Queryable, batch: number): Promise<number> {
  const rows = await database.query(sql`
    WITH expired AS MATERIALIZED (
      SELECT id FROM subscriptions WHERE expires_at <= now() ORDER BY expires_at LIMIT ${batch}
      FOR UPDATE SKIP LOCKED
    )
    DELETE FROM subscriptions s USING expired WHERE s.id = expired.id RETURNING s.id`);
  return rows.length;
}

export interface Acknowledgement {
  readonly subscriptionId: string;
  readonly position: Position;
}

export interface Acknowledged extends DurableSubscription {
  readonly isUnused: boolean;
}

/** In the order given; each with its current subscription, or null if there is none. */
export async function acknowledgeAll(
  database: Queryable,
  given: readonly Acknowledgement[],
): Promise<(Acknowledged | null)[]> {
  const input = given.map(({ subscriptionId, position }) => ({
    id: subscriptionId,
    position: String(position),
  }));
  const ids = [...new Set(given.map(({ subscriptionId }) => subscriptionId))];
  const rows = await database.query<Acknowledged>(sql`
    WITH s AS MATERIALIZED (
      SELECT * FROM subscriptions WHERE id = ANY(${ids}::uuid[]) AND expires_at > now() ORDER BY id FOR NO KEY UPDATE
    ),
    done AS (
      DELETE FROM deliveries d
      USING json_to_recordset(${JSON.stringify(input)}::json) AS i(id uuid, position int8), s
      WHERE s.id = i.id AND d.subscription_id = i.id AND d.position = i.position
    )
    SELECT ${columnsOfSubscription}, ${isUnused} FROM s`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return given.map(({ subscriptionId }) => byId.get(subscriptionId) ?? null);
}

/** Written once an hour at most. */
export const isUnused = raw(`s.used_at < now() - interval '1 hour' AS "isUnused"`);

/** The number of unacknowledged events of each subscription, up to `ceiling`, without deleted events. */
export function countDeliveries(
  database: Queryable,
  ids: readonly string[],
  cap: number,
): Promise<{ id: string; count: number }[]> {
  return database.query(sql`
    SELECT i.id, c.count FROM unnest(${ids}::uuid[]) AS i(id) CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS count FROM (
        SELECT FROM (SELECT * FROM deliveries WHERE subscription_id = i.id ORDER BY position LIMIT ${cap}) d
        WHERE EXISTS (SELECT FROM events e WHERE e.id = d.event_id OFFSET 0)) x) c`);
}
