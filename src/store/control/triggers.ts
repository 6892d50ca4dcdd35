// Triggers: their definitions, and the progress of schedules.
import sql, { raw, type Sql } from 'sql-template-tag';
import type { TriggerModel } from '../../../generated/prisma/models.ts';
import type { Queryable } from '../../database/database.ts';
import type { Ownership, RowScope } from '../../domain/access/row-scope.ts';
import { andOwned } from './ownership-sql.ts';
import type { Schedule } from '../../domain/triggers/schedule.ts';
import type { Trigger, TriggerDraft, TriggerSettings, TriggerTerms } from '../../domain/triggers/trigger.ts';
import type { WebhookTerms } from '../../domain/triggers/webhook.ts';

const webhookTerms = `t.signature, t.dedupe_header AS "dedupeHeader", t.hmac, t.challenge,
  t.keep_credentials AS "keepCredentials", coalesce(t.allowed_origins, '{}') AS "allowedOrigins"`;
const shown =
  raw(`t.id, t.name, t.kind, t.topic, t.event_type AS "eventType", t.filter AS "where", t.slug, ${webhookTerms},
  t.cron, t.timezone, t.next_run AS "nextRun", t.last_tick AS "lastTick", t.call, t.enabled,
  t.filter_errors AS "filterErrors", t.last_filter_error AS "lastFilterError", t.created_at AS "createdAt"`);
const terms = raw('t.id, t.name, t.topic, t.event_type AS "eventType", t.filter AS "where", t.call, t.rows');

/** The ids of a trigger, its key, and what that sees. */
export interface TriggerOwner {
  readonly id: string;
  readonly slug: string | null;
  readonly key: string | null;
  readonly rows: RowScope | null;
}

/** Returns null, and changes nothing, if the name is taken or there are `most` triggers already. */
export async function insertTrigger(
  database: Queryable,
  { id, slug, key, rows: within }: TriggerOwner,
  draft: TriggerDraft,
  most: number,
): Promise<Trigger | null> {
  const { webhook, schedule } = draft;
  const rows = await database.query<Trigger>(sql`
    INSERT INTO triggers AS t (id, name, kind, topic, event_type, filter, call, created_at, slug, signature, secrets,
      dedupe_header, hmac, challenge, verify_token, keep_credentials, allowed_origins, cron, timezone, next_run, key_id, rows)
    SELECT ${id}::uuid, ${draft.name}, ${webhook ? 'WEBHOOK' : 'SCHEDULE'}::trigger_kind, ${draft.topic}, ${draft.eventType},
      ${draft.where}, ${draft.call}, date_trunc('milliseconds', clock_timestamp()), ${slug},
      ${webhook?.signature ?? null}::signature_scheme, ${webhook?.secrets ?? null}::text[],
      ${webhook?.dedupeHeader ?? null}, ${webhook?.hmac ? JSON.stringify(webhook.hmac) : null}::jsonb,
      ${webhook?.challenge ?? null}::webhook_challenge, ${webhook?.verifyToken ?? null},
      ${webhook?.keepCredentials ?? false}, ${webhook?.allowedOrigins ?? []}::text[], ${schedule?.cron ?? null},
      ${schedule?.timezone ?? null}, ${schedule?.nextRun ?? null}::timestamptz, ${key},
      ${within && JSON.stringify(within)}::jsonb
    WHERE (SELECT count(*) FROM triggers) < ${most}
    ON CONFLICT (name) DO NOTHING
    RETURNING ${shown}`);
  return rows[0] ?? null;
}

/** Returns null if the trigger does not exist. A tick that was claimed under another schedule is dropped. */
export async function updateTriggerRow(
  database: Queryable,
  id: string,
  { topic, eventType, where, call, enabled, cron, timezone, nextRun }: TriggerSettings,
  owned: Ownership | null,
): Promise<Trigger | null> {
  const isReplanned = sql`(t.cron, t.timezone, t.next_run) IS DISTINCT FROM (${cron}, ${timezone}, ${nextRun}::timestamptz)`;
  const rows = await database.query<Trigger>(sql`
    UPDATE triggers t SET topic = ${topic}, event_type = ${eventType}, filter = ${where}, call = ${call},
      enabled = ${enabled}, cron = ${cron}, timezone = ${timezone}, next_run = ${nextRun}::timestamptz,
      due_tick = CASE WHEN NOT ${isReplanned} THEN t.due_tick END,
      due_missed = CASE WHEN NOT ${isReplanned} THEN t.due_missed END
    WHERE t.id = ${id}::uuid ${andOwned(owned, 't')} RETURNING ${shown}`);
  return rows[0] ?? null;
}

/** For the query `node(id)`. */
export function readTriggersByIds(
  database: Queryable,
  ids: readonly string[],
  owned: Ownership | null,
): Promise<Trigger[]> {
  return database.query(
    sql`SELECT ${shown} FROM triggers t WHERE t.id = ANY(${ids}::uuid[]) ${andOwned(owned, 't')}`,
  );
}

/** By name. */
export function listTriggers(database: Queryable, owned: Ownership | null): Promise<Trigger[]> {
  return database.query(
    sql`SELECT ${shown} FROM triggers t WHERE true ${andOwned(owned, 't')} ORDER BY t.name`,
  );
}

/** Returns false if it does not exist. */
export async function deleteTriggerRow(
  database: Queryable,
  id: string,
  owned: Ownership | null,
): Promise<boolean> {
  const deleted = await database.query(
    sql`DELETE FROM triggers t WHERE t.id = ${id}::uuid ${andOwned(owned, 't')} RETURNING t.id`,
  );
  return deleted.length > 0;
}

/** The enabled webhook with this slug. */
export async function readWebhook(
  database: Queryable,
  slug: string,
): Promise<(TriggerTerms & WebhookTerms) | null> {
  const rows = await database.query<TriggerTerms & WebhookTerms>({
    name: 'read-webhook',
    text: `SELECT t.id, t.name, t.topic, t.event_type AS "eventType", t.filter AS "where", t.call, t.rows, t.secrets,
        t.verify_token AS "verifyToken", ${webhookTerms}
      FROM triggers t WHERE t.slug = $1 AND t.enabled`,
    values: [slug],
  });
  return rows[0] ?? null;
}

const oneMoreError = (error: string): Sql =>
  sql`filter_errors = least(t.filter_errors, 2147483646) + 1, last_filter_error = ${error}`;

/** Counts a failure of the trigger's filter. */
export async function countFilterError(database: Queryable, id: string, error: string): Promise<void> {
  await database.query(sql`UPDATE triggers t SET ${oneMoreError(error)} WHERE t.id = ${id}`);
}

/** A schedule with a tick to claim or to send. */
export interface DueSchedule
  extends TriggerTerms, Schedule, Readonly<Pick<TriggerModel, 'nextRun' | 'dueTick' | 'dueMissed'>> {}

/**
 * Schedules with an unclaimed tick at `now`, and schedules whose tick was claimed before `staleBefore` and not
 * completed.
 */
export function readDueSchedules(
  database: Queryable,
  now: Date,
  staleBefore: Date,
  limit: number,
): Promise<DueSchedule[]> {
  return database.query(sql`
    SELECT ${terms}, t.cron, t.timezone, t.next_run AS "nextRun", t.due_tick AS "dueTick", t.due_missed AS "dueMissed"
    FROM triggers t
    WHERE t.enabled AND (t.next_run IS NOT NULL OR t.due_tick IS NOT NULL)
      AND (t.due_tick < ${staleBefore} OR t.due_tick IS NULL AND t.next_run <= ${now})
    ORDER BY coalesce(t.due_tick, t.next_run), t.id LIMIT ${limit}`);
}

/** When the next schedule is due; null if none will be. A claimed tick is retried after `timeoutMs`. */
export async function nextDueAt(database: Queryable, timeoutMs: number): Promise<Date | null> {
  const [row] = await database.query<{ at: Date | null }>(sql`
    SELECT min(coalesce(t.due_tick + ${timeoutMs}::int * interval '1 millisecond', t.next_run)) AS at FROM triggers t
    WHERE t.enabled AND (t.next_run IS NOT NULL OR t.due_tick IS NOT NULL)`);
  return row?.at ?? null;
}

/**
 * Claims `tick` for sending, once among all gateways, and makes `next` the following tick. Returns false if another
 * gateway claimed it, or the trigger does not exist.
 */
export function decideTick(
  database: Queryable,
  { id, nextRun }: DueSchedule,
  due: { readonly last: Date; readonly missed: number; readonly next: Date | null },
): Promise<boolean> {
  return changesOne(
    database,
    sql`UPDATE triggers t SET due_tick = ${due.last}, due_missed = ${due.missed}, next_run = ${due.next}::timestamptz
      WHERE t.id = ${id} AND t.enabled AND t.due_tick IS NULL AND t.next_run = ${nextRun}::timestamptz RETURNING t.id`,
  );
}

/** Completes the tick, whether it was sent or filtered out. `filterError` is set if the filter failed. */
export async function settleTick(
  database: Queryable,
  id: string,
  tick: Date,
  filterError: string | null,
): Promise<void> {
  const counted = filterError === null ? sql`` : sql`, ${oneMoreError(filterError)}`;
  await database.query(sql`UPDATE triggers t SET last_tick = ${tick}, due_tick = NULL, due_missed = NULL${counted}
    WHERE t.id = ${id} AND t.due_tick = ${tick}`);
}

async function changesOne(database: Queryable, statement: Sql): Promise<boolean> {
  return (await database.query(statement)).length > 0;
}
