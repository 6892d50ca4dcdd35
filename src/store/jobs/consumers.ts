// Stored job consumers: their positions, state, and last use.
import sql from 'sql-template-tag';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import type { Ownership, RowScope } from '../../domain/access/row-scope.ts';
import type { Position } from '../../domain/events/event.ts';
import { pastLogEnd } from '../../domain/events/page.ts';
import type { ConsumerStart } from '../../domain/jobs/enroll.ts';
import type { Flow } from '../../domain/jobs/flow.ts';
import { andOwned } from '../control/ownership-sql.ts';
import { findPositionAt, lastPosition } from '../events/read-log.ts';

/** A consumer to be opened under one of its definitions. */
export interface ConsumerDraft {
  readonly id: string;
  /** The same as `id` unless the consumer is named. */
  readonly definitionId: string;
  readonly name: string | null;
  /** The consumer definition as JSON text. */
  readonly definition: string;
  readonly target: string;
  /** The name of the key that creates it. */
  readonly owner: string;
  /** That key, and what it can see; null for what is unknown. */
  readonly key: string | null;
  readonly rows: RowScope | null;
  readonly start: ConsumerStart;
}

/** The maximum number of consumers, per key and in total. */
export interface MostOwned {
  readonly perKey: number;
  readonly inAll: number;
}

/** What gateways keep in memory of a consumer under one definition. */
export interface ConsumerState {
  readonly position: Position;
  /** Raised when the consumer is moved. */
  readonly generation: number;
  readonly isPaused: boolean;
  /** Every topic that the consumer has had as target. */
  readonly targets: readonly string[];
  /** The limits that are set. */
  readonly flow: Partial<Flow> | null;
}

/** A definition whose position was stored or renewed so recently, in seconds, is in use at some gateway, or at one that was killed. */
const liveSeconds = 600;

/**
 * Opens a consumer, and creates it if it is new. A definition that is new under a name begins where the definitions in
 * use under that name are, or else where the last one ended. Throws LIMIT_EXCEEDED if there are too many consumers, or
 * definitions or targets of a named one, and BAD_USER_INPUT for a start past the end of the log.
 */
export async function openConsumer(
  database: Queryable,
  draft: ConsumerDraft,
  most: MostOwned,
): Promise<ConsumerState> {
  const known = await readOpened(database, draft);
  if (known?.isCurrent) return stateOf(known);
  if (known) await addDefinition(database, draft);
  else await createConsumer(database, draft, most);
  const made = await readOpened(database, draft);
  // Deleted at this moment: it is created again.
  return made?.position == null ? openConsumer(database, draft, most) : stateOf(made);
}

interface Opened extends Omit<ConsumerState, 'position'> {
  readonly position: Position | null;
  /** Whether nothing has to be written. */
  readonly isCurrent: boolean;
}

function stateOf({ position, generation, isPaused, targets, flow }: Opened): ConsumerState {
  return { position: position!, generation, isPaused, targets, flow };
}

async function readOpened(
  database: Queryable,
  { id, definitionId, target }: ConsumerDraft,
): Promise<Opened | undefined> {
  const [row] = await database.query<Opened>(sql`
    SELECT p.position, coalesce(p.generation, 0) AS generation, c.paused AS "isPaused", c.targets, c.flow,
      (p.position IS NOT NULL AND c.used_at > now() - interval '1 day' AND ${target} = ANY(c.targets)
        AND (c.name IS NULL OR (c.definition_id = ${definitionId}
          AND p.used_at > now() - make_interval(secs => ${liveSeconds}::float8)))) AS "isCurrent"
    FROM consumers c LEFT JOIN consumer_positions p ON p.definition_id = ${definitionId}
    WHERE c.id = ${id}`);
  return row;
}

/**
 * The definition becomes the consumer's current one, and gets a position of its own if it has none in use. Positions of
 * definitions that are not in use any more make room.
 */
async function addDefinition(
  database: Queryable,
  { id, definitionId, definition, target }: ConsumerDraft,
): Promise<void> {
  const isLive = sql`p.used_at > now() - make_interval(secs => ${liveSeconds}::float8)`;
  const [outcome] = await database.query<{ isFull: boolean }>(sql`
    WITH moment AS (SELECT date_trunc('milliseconds', now()) AS at),
    others AS MATERIALIZED (
      SELECT coalesce(min(p.position) FILTER (WHERE ${isLive}), (array_agg(p.position ORDER BY p.used_at DESC))[1]) AS position,
        max(p.used_at) AS used_at, count(*) FILTER (WHERE ${isLive}) AS live
      FROM consumer_positions p WHERE p.consumer_id = ${id} AND p.definition_id <> ${definitionId}
    ),
    known AS MATERIALIZED (
      SELECT c.*, o.live >= ${limits.consumerDefinitions} OR (cardinality(c.targets) >= ${limits.consumerTargets}
        AND NOT ${target} = ANY(c.targets)) AS is_full
      FROM consumers c, others o WHERE c.id = ${id}
    ),
    used AS (
      UPDATE consumers c SET used_at = m.at, definition = ${definition}::jsonb, definition_id = ${definitionId},
        target = ${target},
        targets = CASE WHEN ${target} = ANY(c.targets) THEN c.targets ELSE c.targets || ${target}::text END
      FROM moment m, known k WHERE c.id = k.id AND NOT k.is_full
      RETURNING c.id
    ),
    unused AS (
      DELETE FROM consumer_positions p USING used u, others o
      WHERE p.consumer_id = u.id AND p.definition_id <> ${definitionId} AND NOT ${isLive}
        AND (o.live > 0 OR p.used_at < o.used_at)
    ),
    placed AS (
      INSERT INTO consumer_positions AS p (definition_id, consumer_id, position, used_at)
      SELECT ${definitionId}, u.id, coalesce(o.position, 0), m.at FROM used u, others o, moment m
      ON CONFLICT (definition_id) DO UPDATE SET
        used_at = excluded.used_at,
        position = CASE WHEN NOT ${isLive}
            AND (SELECT used_at > p.used_at FROM others) THEN greatest(p.position, excluded.position) ELSE p.position END
    )
    SELECT is_full AS "isFull" FROM known`);
  if (!outcome?.isFull) return;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The consumer has too many definitions in use, or too many targets: ${limits.consumerDefinitions} definitions and ${limits.consumerTargets} targets under one name are allowed. Use another name, or wait until earlier definitions have not been used for ${liveSeconds / 60} minutes.`,
  );
}

async function createConsumer(
  database: Queryable,
  { id, definitionId, name, definition, target, owner, key, rows, start }: ConsumerDraft,
  most: MostOwned,
): Promise<void> {
  const position = await startPosition(database, start);
  const made = await database.query(sql`
    WITH moment AS (SELECT date_trunc('milliseconds', clock_timestamp()) AS at),
    counts AS (SELECT count(*) AS all, count(*) FILTER (WHERE owner = ${owner}) AS own FROM consumers),
    made AS (
      INSERT INTO consumers (id, name, created_at, used_at, definition, definition_id, target, targets, owner, key_id, rows)
      SELECT ${id}, ${name}, m.at, m.at, ${definition}::jsonb, ${definitionId}, ${target}, ARRAY[${target}::text], ${owner}, ${key},
        ${rows && JSON.stringify(rows)}::jsonb
      FROM moment m, counts c WHERE c.all < ${most.inAll} AND c.own < ${most.perKey}
      ON CONFLICT DO NOTHING
      RETURNING id, used_at
    ),
    placed AS (
      INSERT INTO consumer_positions (definition_id, consumer_id, position, used_at)
      SELECT ${definitionId}, id, ${position}, used_at FROM made
    )
    SELECT FROM counts c WHERE c.all < ${most.inAll} AND c.own < ${most.perKey}
      OR EXISTS (SELECT FROM consumers WHERE id = ${id})`);
  if (made.length > 0) return;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There are too many consumers: ${most.perKey} of one key and ${most.inAll} in all are allowed. Without a name, each combination of source topics, target and filters is a consumer. Use fewer combinations; unused consumers without a name are removed automatically.`,
  );
}

async function startPosition(database: Queryable, { after, at }: ConsumerStart): Promise<Position> {
  if (at !== null) return findPositionAt(database, at);
  if (after === null || after === 0n) return 0n;
  const end = await lastPosition(database);
  if (after > end) throw pastLogEnd('startAfter', after, end);
  return after;
}

/**
 * Everything up to `position` is settled. Returns false if the consumer was moved or deleted meanwhile: nothing is
 * stored. Unless it is moved, a position never goes back.
 */
export async function savePosition(
  database: Queryable,
  definitionId: string,
  generation: number,
  position: Position,
): Promise<boolean> {
  const rows = await database.query(
    sql`UPDATE consumer_positions SET position = greatest(position, ${position}), used_at = date_trunc('milliseconds', now())
      WHERE definition_id = ${definitionId} AND generation = ${generation} RETURNING definition_id`,
  );
  return rows.length > 0;
}

/** `flow` as JSON text; null for no limits. Returns whether there is such a consumer. */
export async function saveFlow(
  database: Queryable,
  storedId: string,
  flow: string | null,
  owned: Ownership | null,
): Promise<boolean> {
  const rows = await database.query(
    sql`UPDATE consumers c SET flow = ${flow}::jsonb WHERE c.id = ${storedId} ${andOwned(owned, 'c')} RETURNING c.id`,
  );
  return rows.length > 0;
}

/** By definition; those that were deleted are missing. */
export async function readStates(
  database: Queryable,
  definitionIds: readonly string[],
): Promise<Map<string, ConsumerState>> {
  const rows = await database.query<ConsumerState & { definitionId: string }>(sql`
    SELECT p.definition_id AS "definitionId", p.position, p.generation, c.paused AS "isPaused", c.targets, c.flow
    FROM consumer_positions p JOIN consumers c ON c.id = p.consumer_id
    WHERE p.definition_id = ANY(${definitionIds}::text[])`);
  return new Map(rows.map(({ definitionId, ...state }) => [definitionId, state]));
}

/** Marks definitions, and their consumers, as used. */
export async function touchConsumers(database: Queryable, definitionIds: readonly string[]): Promise<void> {
  await database.query(sql`
    WITH used AS (
      UPDATE consumer_positions SET used_at = date_trunc('milliseconds', now())
      WHERE definition_id = ANY(${definitionIds}::text[]) RETURNING consumer_id
    )
    UPDATE consumers c SET used_at = date_trunc('milliseconds', now()) FROM used u WHERE c.id = u.consumer_id`);
}

/**
 * Removes consumers without a name that were not used for this many days, and what is left of definitions and workers
 * that are not in use any more.
 */
export async function deleteUnused(database: Queryable, days: number): Promise<void> {
  await database.query(sql`DELETE FROM consumers c
    WHERE c.name IS NULL AND NOT c.paused AND c.used_at < now() - make_interval(days => ${days}::int4)
      AND NOT EXISTS (SELECT FROM consumer_positions p
        WHERE p.consumer_id = c.id AND p.used_at >= now() - make_interval(days => ${days}::int4))`);
  await database.query(sql`DELETE FROM consumer_positions p
    WHERE p.used_at < now() - interval '1 day' AND EXISTS (
      SELECT FROM consumer_positions o WHERE o.consumer_id = p.consumer_id AND o.used_at > p.used_at)`);
  await database.query(sql`DELETE FROM consumer_workers WHERE seen_at < now() - interval '1 day'`);
}

/** A worker that enrolled for a consumer. */
export interface Sighting {
  readonly consumerId: string;
  readonly worker: string;
}

/** Of each consumer the latest `limits.listedWorkers` are kept, whatever names workers invent. */
export async function saveSightings(database: Queryable, seen: readonly Sighting[]): Promise<void> {
  await database.query(sql`
    INSERT INTO consumer_workers (consumer_id, worker, seen_at)
    SELECT c.id, s.worker, date_trunc('milliseconds', now())
    FROM json_to_recordset(${JSON.stringify(seen)}::json) AS s("consumerId" text, worker text)
      JOIN consumers c ON c.id = s."consumerId"
    ORDER BY c.id, s.worker
    ON CONFLICT (consumer_id, worker) DO UPDATE SET seen_at = excluded.seen_at`);
  const ids = [...new Set(seen.map(({ consumerId }) => consumerId))];
  await database.query(sql`
    DELETE FROM consumer_workers w USING (
      SELECT consumer_id, worker, row_number() OVER (PARTITION BY consumer_id ORDER BY seen_at DESC, worker) AS number
      FROM consumer_workers WHERE consumer_id = ANY(${ids}::text[])) n
    WHERE n.number > ${limits.listedWorkers} AND w.consumer_id = n.consumer_id AND w.worker = n.worker`);
}
