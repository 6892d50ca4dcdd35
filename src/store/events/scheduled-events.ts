// Scheduled events: the next due time, publication of due ones, and changes of their time.
import sql from 'sql-template-tag';
import type { Database, Queryable } from '../../database/database.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { prepared } from '../../database/prepared.ts';
import type { EventStatus } from '../../domain/events/event.ts';
import { notifyCall } from '../channels.ts';
import { nextPosition, takeLogLock } from './log-lock.ts';
import { andWithin } from './rows-sql.ts';

/**
 * The lock was taken by an earlier statement, so this one sees everything committed before, and no other gateway
 * publishes the same event. The row of an event aborted meanwhile is removed, too.
 */
const sendStatement = `WITH moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at),
  hinted AS MATERIALIZED (SELECT ${notifyCall('log', '$2')} WHERE $2 <> ''),
  due AS MATERIALIZED (
    DELETE FROM scheduled_events h WHERE h.event_id = ANY(ARRAY(
      SELECT d.event_id FROM scheduled_events d WHERE d.send_at <= (SELECT at FROM moment) ORDER BY d.send_at, d.event_id LIMIT $1))
      AND h.send_at <= (SELECT at FROM moment)
    RETURNING h.event_id, h.send_at, h.status, h."by"
  ),
  placed AS MATERIALIZED (
    SELECT d.*, ${nextPosition} AS position FROM (SELECT * FROM due ORDER BY send_at, event_id) d
  ),
  sent AS (
    UPDATE events e SET held = false, position = p.position, status = p.status, updated_at = m.at,
      finished_at = CASE WHEN p.status = 'FINISHED' THEN m.at END
    FROM placed p, moment m WHERE e.id = p.event_id AND e.held
    RETURNING e.id, e.position, e.status, m.at, p."by", e.topic, e.request_id, e.node_id, e.project, e.user_name, e.sender
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
    SELECT position, id, 'CREATED', status, at, "by", topic, request_id, node_id, project, user_name, sender FROM sent
  )
  SELECT (SELECT count(*) FROM due)::int4 AS due, (SELECT count(*) FROM hinted) AS hinted`;

/** Publishes up to `most` due events in the order of their times. Returns their number. */
export function sendDue(database: Database, most: number, hint: string): Promise<number> {
  return database.transaction(async (tx) => {
    await takeLogLock(tx);
    const rows = await tx.query<{ due: number }>({
      name: 'send-due',
      text: sendStatement,
      values: [most, hint],
    });
    return rows[0]?.due ?? 0;
  });
}

/** Milliseconds until the next one is due, by the database's clock; null if there is none. */
export async function nextDueInMs(database: Queryable): Promise<number | null> {
  const rows = await database.query<{ ms: number }>(
    prepared(sql`
    SELECT greatest(0, ceil(extract(epoch FROM h.send_at - clock_timestamp()) * 1000))::float8 AS ms
    FROM scheduled_events h ORDER BY h.send_at, h.event_id LIMIT 1`),
  );
  return rows[0]?.ms ?? null;
}

/** Null publishes at once. Returns false, and changes nothing, if the event is no longer scheduled. */
export async function moveScheduled(
  database: Queryable,
  id: string,
  sendAt: Date | null,
  status: EventStatus,
): Promise<boolean> {
  const rows = await database.query(sql`
    UPDATE scheduled_events SET send_at = coalesce(${sendAt}::timestamptz, date_trunc('milliseconds', clock_timestamp())),
      status = ${status}::event_status
    WHERE event_id = ${id}::uuid RETURNING event_id`);
  return rows.length > 0;
}

/** When the scheduled ones among these events are published. */
export async function readSendTimes(
  database: Queryable,
  ids: readonly string[],
  within: RowScope | null,
): Promise<Map<string, Date>> {
  const rows = await database.query<{ id: string; sendAt: Date }>(sql`
    SELECT i.id, h.send_at AS "sendAt"
    FROM unnest(${ids}::uuid[]) AS i(id)
      CROSS JOIN LATERAL (SELECT e.held FROM events e WHERE e.id = i.id ${andWithin(within, 'e')} LIMIT 1) e
      CROSS JOIN LATERAL (SELECT h.send_at FROM scheduled_events h WHERE h.event_id = i.id LIMIT 1) h
    WHERE e.held`);
  return new Map(rows.map(({ id, sendAt }) => [id, sendAt]));
}
