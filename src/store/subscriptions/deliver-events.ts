// Deliveries of durable subscriptions: current state, due redeliveries, and the writes of a delivery.
import sql from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import type { Position } from '../../domain/events/event.ts';
import type { DurableSubscription } from '../../domain/subscriptions/subscription.ts';
import { holdsRow } from '../control/ownership-sql.ts';
import { isUnused, columnsOfSubscription } from './subscriptions.ts';

/** An event of a subscription, and the position of its log entry. */
export interface Pending {
  readonly id: string;
  readonly position: Position;
}

/** An event that was delivered before and is due for redelivery. */
export interface Due extends Pending {
  /** Whether the event was deleted meanwhile. */
  readonly removed: boolean;
}

export interface SubscriptionState {
  readonly subscription: DurableSubscription;
  readonly isUnused: boolean;
  /** Oldest first. */
  readonly due: readonly Due[];
  /** Milliseconds until the next redelivery; null if no delivered event is unacknowledged. */
  readonly dueInMs: number | null;
}

/**
 * The state of subscriptions, with up to `count` due redeliveries of each, and the end of the log. Unknown
 * subscriptions are omitted.
 */
export async function readStates(
  database: Queryable,
  ids: readonly string[],
  count: number,
): Promise<{ readonly end: Position; readonly states: readonly SubscriptionState[] }> {
  type Row = DurableSubscription & {
    isUnused: boolean;
    due: { id: string; position: string; removed: boolean }[] | null;
    due_in: number | null;
    log_end: Position;
  };
  const rows = await database.query<Row>(sql`
    SELECT ${columnsOfSubscription}, ${isUnused}, d.due, n.due_in,
      (SELECT coalesce(max(position), 0)::int8 FROM log) AS log_end
    FROM unnest(${ids}::uuid[]) AS i(id)
      CROSS JOIN LATERAL (SELECT * FROM subscriptions WHERE subscriptions.id = i.id AND expires_at > now() LIMIT 1) s
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('id', x.event_id, 'position', x.position::text, 'removed', x.removed)
          ORDER BY x.position) AS due
        FROM (
          SELECT o.event_id, o.position,
            NOT EXISTS (SELECT FROM events e WHERE e.id = o.event_id AND ${holdsRow('e', 's')} OFFSET 0) AS removed
          FROM (SELECT * FROM deliveries WHERE subscription_id = s.id AND until <= clock_timestamp()
                ORDER BY position LIMIT ${count}) o) x
      ) d ON s.manual
      LEFT JOIN LATERAL (
        SELECT (extract(epoch FROM until - clock_timestamp()) * 1000)::float8 AS due_in FROM deliveries
        WHERE subscription_id = s.id AND until > clock_timestamp() ORDER BY until LIMIT 1
      ) n ON s.manual`);
  const states = rows.map(({ isUnused, due, due_in, log_end: _end, ...subscription }) => ({
    subscription,
    isUnused,
    due: (due ?? []).map(({ id, position, removed }) => ({ id, position: BigInt(position), removed })),
    dueInMs: due_in === null ? null : Math.max(0, Math.ceil(due_in)),
  }));
  return { end: rows[0]?.log_end ?? 0n, states };
}

/** The changes of one subscription, written completely or not at all. */
export interface Move {
  readonly id: string;
  /** The position at which the subscription must be. */
  readonly from: Position;
  /** The new position; the same if only redeliveries are taken. */
  readonly to: Position;
  /** The number of events in between on which the filter failed. */
  readonly errors: number;
  readonly lastError: string | null;
  /** Events in between, to be acknowledged later. */
  readonly delivered: readonly Pending[];
  /** Redelivered positions: hidden again for the visibility timeout. */
  readonly again: readonly Position[];
  /** Positions whose event was deleted. */
  readonly dropped: readonly Position[];
}

/** The part of a move that was written: less than requested if another gateway was first. */
export interface Moved {
  readonly moved: boolean;
  readonly again: ReadonlySet<Position>;
}

/**
 * One statement for all moves. Rows are locked in the order of their ids, so that gateways do not deadlock. A
 * position that has changed, or a delivery that is no longer due, is left unchanged.
 */
const moveStatement = `WITH input AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS i(id uuid, "from" int8, "to" int8, errors int, last_error text)
  ),
  locked AS MATERIALIZED (
    SELECT s.id, s.manual, s.visibility_ms FROM subscriptions s
    WHERE s.id = ANY(ARRAY(SELECT id FROM input)) AND s.expires_at > now() ORDER BY s.id FOR NO KEY UPDATE
  ),
  moved AS (
    UPDATE subscriptions s SET position = i."to", filter_errors = s.filter_errors + i.errors,
      last_filter_error = coalesce(i.last_error, s.last_filter_error)
    FROM input i JOIN locked l ON l.id = i.id
    WHERE s.id = i.id AND s.position = i."from" AND i."to" > i."from"
    RETURNING s.id
  ),
  delivered AS (
    INSERT INTO deliveries (subscription_id, position, event_id, until)
    SELECT d.subscription, d.position, d.event, clock_timestamp() + make_interval(secs => l.visibility_ms / 1000.0)
    FROM json_to_recordset($2::json) AS d(subscription uuid, position int8, event uuid)
      JOIN moved m ON m.id = d.subscription JOIN locked l ON l.id = d.subscription
    WHERE l.manual
  ),
  again AS (
    UPDATE deliveries d SET until = clock_timestamp() + make_interval(secs => l.visibility_ms / 1000.0)
    FROM json_to_recordset($3::json) AS a(subscription uuid, position int8) JOIN locked l ON l.id = a.subscription
    WHERE d.subscription_id = a.subscription AND d.position = a.position AND d.until <= clock_timestamp()
    RETURNING d.subscription_id, d.position
  ),
  dropped AS (
    DELETE FROM deliveries d
    USING json_to_recordset($4::json) AS a(subscription uuid, position int8) JOIN locked l ON l.id = a.subscription
    WHERE d.subscription_id = a.subscription AND d.position = a.position
  )
  SELECT id, NULL::int8 AS position FROM moved UNION ALL SELECT subscription_id, position FROM again`;

/** In the order of `moves`, which must be of distinct subscriptions. */
export async function moveAll(database: Queryable, moves: readonly Move[]): Promise<Moved[]> {
  const of = <Item>(list: (move: Move) => readonly Item[], row: (item: Item) => object) =>
    JSON.stringify(
      moves.flatMap((move) => list(move).map((item) => ({ subscription: move.id, ...row(item) }))),
    );
  const place = (position: Position) => ({ position: String(position) });
  const inputs = moves.map(({ id, from, to, errors, lastError }) => ({
    id,
    from: String(from),
    to: String(to),
    errors,
    last_error: lastError,
  }));
  const rows = await database.query<{ id: string; position: Position | null }>({
    name: 'move-subscriptions',
    text: moveStatement,
    values: [
      JSON.stringify(inputs),
      of(
        ({ delivered }) => delivered,
        ({ id, position }) => ({ event: id, ...place(position) }),
      ),
      of(({ again }) => again, place),
      of(({ dropped }) => dropped, place),
    ],
  });
  return moves.map((move) => {
    const own = rows.filter(({ id }) => id === move.id);
    return {
      moved: own.some(({ position }) => position === null),
      again: new Set(own.flatMap(({ position }) => position ?? [])),
    };
  });
}
