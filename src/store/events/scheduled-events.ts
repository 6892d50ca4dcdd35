// Events that are held back: when the next one is due, those whose time has come, and moving that time.
import sql from 'sql-template-tag';
import type { Database, Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { EventStatus } from '../../domain/events/event.ts';
import { notifyCall } from '../channels.ts';
import { nextPosition, takeLogLock } from './log-lock.ts';

/**
 * The lock was taken in a statement before, so that this one sees all that was committed up to then: no other gateway
 * sends the same. A row whose event was aborted meanwhile goes too, and sends nothing.
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

/** Sends up to `most` of those whose time has come, in the order of their times; answers how many there were. */
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

/** In how many milliseconds the next one is due, by the clock of the database; null where none is held. */
export async function nextDueInMs(database: Queryable): Promise<number | null> {
  const rows = await database.query<{ ms: number }>(
    prepared(sql`
    SELECT greatest(0, ceil(extract(epoch FROM h.send_at - clock_timestamp()) * 1000))::float8 AS ms
    FROM scheduled_events h ORDER BY h.send_at, h.event_id LIMIT 1`),
  );
  return rows[0]?.ms ?? null;
}

/** Null for at once. False, and nothing is changed, where the event is not held any more. */
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

/** When they are to be sent, of those that are held. */
export async function readSendTimes(database: Queryable, ids: readonly string[]): Promise<Map<string, Date>> {
  const rows = await database.query<{ id: string; sendAt: Date }>(sql`
    SELECT i.id, h.send_at AS "sendAt"
    FROM unnest(${ids}::uuid[]) AS i(id)
      CROSS JOIN LATERAL (SELECT e.held FROM events e WHERE e.id = i.id LIMIT 1) e
      CROSS JOIN LATERAL (SELECT h.send_at FROM scheduled_events h WHERE h.event_id = i.id LIMIT 1) h
    WHERE e.held`);
  return new Map(rows.map(({ id, sendAt }) => [id, sendAt]));
}
