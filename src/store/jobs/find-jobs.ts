// Finds the jobs of a target that can be claimed again, and when the next one can.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { ConsumerDefinition } from '../../domain/jobs/enroll.ts';
import { andWithin } from '../events/rows-sql.ts';
import { itemConditions, sourceConditions } from './find-sources.ts';
import type { ReadyJob } from './reclaim-jobs.ts';

/** A ready job. `isOwn`: this consumer claimed it before, so its filter need not be tested. */
export interface FoundJob extends ReadyJob {
  readonly isOwn: boolean;
}

const jobColumns = sql`j.event_id AS "eventId", j.source_id AS "sourceId", j.flow_key AS "flowKey", j.attempt, j.position,
  j.worker IS NOT NULL AND j.last_run AS expires`;

/** Where a search continues: the last job examined of another consumer. */
export interface ReadyPosition {
  readonly readyAt: Date;
  readonly eventId: string;
}

export interface ReadyJobs {
  /**
   * The consumer's own jobs first, each group in order of readiness. Others are those that the definition selects, as
   * far as SQL can decide.
   */
  readonly jobs: readonly FoundJob[];
  /** The last job examined of another consumer if there may be more; otherwise null. */
  readonly next: ReadyPosition | null;
  /** The database's time. Jobs that became ready by then were examined, unless there are more. */
  readonly at: Date;
}

/**
 * Ready jobs: up to `own` that the consumer claimed before, and those it selects among the next `batch` jobs of the
 * target from other consumers.
 */
export async function findReadyJobs(
  database: Queryable,
  definition: ConsumerDefinition,
  own: number,
  after: ReadyPosition | null,
  batch: number,
): Promise<ReadyJobs> {
  const beyond = after ? sql`AND (ready_at, event_id) > (${after.readyAt}, ${after.eventId}::uuid)` : empty;
  const ofConsumer = sql`o.target = ${definition.target} AND o.consumer = ${definition.consumerId} AND o.ready_at IS NOT NULL`;
  const rows = await database.query<FoundJob & { ready_at: Date; wanted: boolean | null }>(
    prepared(sql`
    WITH RECURSIVE priorities AS (
      (SELECT o.priority FROM jobs o WHERE ${ofConsumer} ORDER BY o.priority DESC LIMIT 1)
      UNION ALL
      SELECT (SELECT o.priority FROM jobs o WHERE ${ofConsumer} AND o.priority < p.priority ORDER BY o.priority DESC LIMIT 1)
      FROM priorities p WHERE p.priority IS NOT NULL
    )
    SELECT ${jobColumns}, j.ready_at, true AS "isOwn", true AS wanted
    FROM (SELECT o.* FROM priorities p CROSS JOIN LATERAL (
            SELECT * FROM jobs WHERE target = ${definition.target} AND consumer = ${definition.consumerId}
              AND priority = p.priority AND ready_at <= now() ${isVisible(definition, 'jobs')}
            ORDER BY ready_at, event_id LIMIT ${own}) o
          ORDER BY o.priority DESC, o.ready_at, o.event_id LIMIT ${own}) j
    UNION ALL
    SELECT ${jobColumns}, j.ready_at, false, j.consumer <> ${definition.consumerId} AND ${isWanted(definition)} ${isVisible(definition)}
    FROM (SELECT * FROM jobs WHERE target = ${definition.target} AND ready_at <= now() ${beyond}
          ORDER BY ready_at, event_id LIMIT ${batch}) j
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, now(), NULL, NULL`),
  );
  const others = rows.filter(({ isOwn }) => isOwn === false);
  const last = others.length === batch ? others.at(-1) : undefined;
  return {
    jobs: rows.filter(({ wanted }) => wanted),
    next: last ? { readyAt: last.ready_at, eventId: last.eventId } : null,
    at: rows.at(-1)!.ready_at,
  };
}

/** Whether the definition selects the source of the job `j`; for a plain queue, its event. */
function isWanted(definition: ConsumerDefinition): Sql {
  if (definition.isQueue)
    return sql`EXISTS (SELECT FROM events e WHERE e.id = j.event_id AND ${itemConditions(definition)} OFFSET 0)`;
  return sql`EXISTS (SELECT FROM events e WHERE e.id = j.source_id AND ${sourceConditions(definition)} OFFSET 0)`;
}

/** `AND …`: the event of a job and its source are within the rows; nothing where these do not restrict. */
function isVisible({ rows }: ConsumerDefinition, job: 'j' | 'jobs' = 'j'): Sql {
  if (rows === null) return empty;
  const justWithin = (id: Sql) =>
    sql`EXISTS (SELECT FROM events e WHERE e.id = ${id} ${andWithin(rows, 'e')} OFFSET 0)`;
  const isSourceWithin = sql`AND (${raw(job)}.source_id IS NULL OR ${justWithin(raw(`${job}.source_id`))})`;
  return sql`AND ${justWithin(raw(`${job}.event_id`))} ${isSourceWithin}`;
}

/** The first unfinished job of a target in source order. */
export interface SequentialHead {
  /** Set if it can be claimed and the definition selects it, as far as SQL can decide. */
  readonly job: FoundJob | null;
}

/** Null if the target has no unfinished job. The next source may then get one. */
export async function findSequentialHead(
  database: Queryable,
  definition: ConsumerDefinition,
): Promise<SequentialHead | null> {
  const [row] = await database.query<FoundJob & { wanted: boolean }>(
    prepared(sql`
    SELECT ${jobColumns}, j.consumer = ${definition.consumerId} AS "isOwn",
      j.ready_at <= now() AND (j.consumer = ${definition.consumerId} OR ${isWanted(definition)}) ${isVisible(definition)} AND NOT EXISTS (
        SELECT FROM jobs o WHERE o.target = ${definition.target} AND o.worker IS NOT NULL AND o.ready_at > now() OFFSET 0
      ) AS wanted
    FROM (SELECT * FROM jobs WHERE target = ${definition.target} AND ready_at IS NOT NULL
          ORDER BY source_position LIMIT 1) j`),
  );
  return row ? { job: row.wanted ? row : null } : null;
}

/** A job that a worker has claimed and not finished. */
export interface OwnJob extends ReadyJob {
  /** Whether its lease is current. Otherwise it lapsed, and the job was not claimed again. */
  readonly held: boolean;
}

/** In source order, up to `limit` per worker. */
export async function findOwnJobs(
  database: Queryable,
  definition: ConsumerDefinition,
  workers: readonly string[],
  limit: number,
): Promise<(OwnJob & { readonly worker: string; readonly key: string | null })[]> {
  return database.query(
    prepared(sql`SELECT ${jobColumns}, j.worker, j.key_id AS key, j.ready_at > now() AS held
    FROM unnest(${workers}::text[]) AS w(worker) CROSS JOIN LATERAL (
      SELECT * FROM jobs WHERE jobs.target = ${definition.target} AND jobs.worker = w.worker ${isVisible(definition, 'jobs')}
      ORDER BY source_position LIMIT ${limit}) j
    ORDER BY j.source_position`),
  );
}

/**
 * Milliseconds until the next job of the target can be claimed; null for never. Jobs that became ready in the last
 * `sinceMs`, possibly after the caller looked, count as 0.
 */
export async function nextReadyMs(
  database: Queryable,
  target: string,
  sinceMs: number,
): Promise<number | null> {
  const [row] = await database.query<{ ms: number }>(
    prepared(sql`
    SELECT (extract(epoch FROM ready_at - now()) * 1000)::float8 AS ms FROM jobs
    WHERE target = ${target} AND ready_at > now() - make_interval(secs => ${sinceMs / 1_000}::float8)
    ORDER BY ready_at LIMIT 1`),
  );
  return row ? Math.max(0, Math.ceil(row.ms)) : null;
}

/** Jobs of any target with a lapsed lease, in the order in which the leases lapsed. */
export async function findLapsed(database: Queryable, batch: number): Promise<ReadyJob[]> {
  return database.query(
    prepared(sql`SELECT ${jobColumns}
    FROM (SELECT * FROM jobs WHERE worker IS NOT NULL AND ready_at <= now() ORDER BY ready_at LIMIT ${batch}) j`),
  );
}
