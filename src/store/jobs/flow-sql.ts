// The limits of consumers as SQL: in the statements that claim jobs, and as what may be claimed now.
import sql from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';

/** Held jobs of the consumer `c`. */
const held = `jobs o WHERE o.target = ANY(c.targets) AND o.consumer = c.id AND o.worker IS NOT NULL AND o.ready_at > (SELECT at FROM moment)`;

/** Claims of the consumer `c` within its rate limit's time. */
const recent = `(SELECT count(*) FROM consumer_claims k WHERE k.consumer_id = c.id
  AND k.at > (SELECT at FROM moment) - make_interval(secs => (c.flow -> 'rateLimit' ->> 'perSeconds')::float8))`;

/** Common table expressions: what the consumers of `found` hold, in all and by key. */
export const flowTables = `flows AS MATERIALIZED (
    SELECT c.id, c.targets, (c.flow ->> 'maxConcurrent')::int AS most, (c.flow ->> 'maxConcurrentPerKey')::int AS most_per_key,
      (c.flow -> 'rateLimit' ->> 'count')::int AS rate,
      CASE WHEN c.flow ? 'maxConcurrent' THEN (SELECT count(*) FROM ${held}) END AS held,
      CASE WHEN c.flow ? 'rateLimit' THEN ${recent} END AS recent
    FROM consumers c WHERE c.flow IS NOT NULL AND c.id = ANY(ARRAY(SELECT DISTINCT consumer FROM found))
  ),
  keys AS MATERIALIZED (
    SELECT c.id, o.flow_key, count(*) AS held FROM flows c CROSS JOIN LATERAL (SELECT o.flow_key FROM ${held}) o
    WHERE c.most_per_key IS NOT NULL GROUP BY c.id, o.flow_key
  )`;

/** The rows of `found` that are within the limits. Only those with `claims` count; there are n, consumer and flow_key. */
export const withinFlow = `(SELECT f.* FROM (
      SELECT f.*, count(*) FILTER (WHERE f.claims) OVER (PARTITION BY f.consumer ORDER BY f.n) AS nth,
        count(*) FILTER (WHERE f.claims) OVER (PARTITION BY f.consumer, f.flow_key ORDER BY f.n) AS nth_of_key
      FROM found f) f
    WHERE NOT f.claims OR NOT EXISTS (SELECT FROM flows c WHERE c.id = f.consumer AND (
      f.nth > c.most - c.held OR f.nth > c.rate - c.recent
      OR f.nth_of_key > c.most_per_key - coalesce(
        (SELECT k.held FROM keys k WHERE k.id = c.id AND k.flow_key IS NOT DISTINCT FROM f.flow_key), 0))))`;

/** Records the claims in \`from\`, with consumer, at and a position, of consumers that have a rate limit. */
export function recordClaims(from: string, position: string): string {
  return `claimed AS (
    INSERT INTO consumer_claims (consumer_id, at, position)
    SELECT a.consumer, a.at, a.${position} FROM ${from} a WHERE a.claims
      AND EXISTS (SELECT FROM flows c WHERE c.id = a.consumer AND c.rate IS NOT NULL)
  )`;
}

/** What a consumer may claim now. */
export interface Allowance {
  /** Null: any number. */
  readonly free: number | null;
  /** Milliseconds until the rate limit allows more; null if it does not limit. */
  readonly nextMs: number | null;
  /** Held jobs by key. */
  readonly heldByKey: readonly { readonly key: string | null; readonly held: number }[];
}

export async function readAllowance(database: Queryable, consumerId: string): Promise<Allowance> {
  const [row] = await database.query<Allowance>(sql`
    WITH c AS MATERIALIZED (
      SELECT c.id, c.targets, c.flow, (c.flow ->> 'maxConcurrent')::int AS most, (c.flow -> 'rateLimit' ->> 'count')::int AS rate,
        make_interval(secs => (c.flow -> 'rateLimit' ->> 'perSeconds')::float8) AS period
      FROM consumers c WHERE c.id = ${consumerId}
    ),
    held AS MATERIALIZED (
      SELECT o.flow_key AS key, count(*)::int4 AS held FROM c CROSS JOIN LATERAL (
        SELECT o.flow_key FROM jobs o WHERE o.target = ANY(c.targets) AND o.consumer = c.id AND o.worker IS NOT NULL
          AND o.ready_at > now()) o GROUP BY o.flow_key
    ),
    recent AS MATERIALIZED (
      SELECT k.at, row_number() OVER (ORDER BY k.at DESC) AS number FROM c
        CROSS JOIN LATERAL (SELECT * FROM consumer_claims k WHERE k.consumer_id = c.id AND k.at > now() - c.period) k
    )
    SELECT least(c.most - coalesce((SELECT sum(held) FROM held), 0), c.rate - (SELECT count(*) FROM recent))::int4 AS free,
      (SELECT ceil(extract(epoch FROM r.at + c.period - now()) * 1000)::float8 FROM recent r WHERE r.number = c.rate) AS "nextMs",
      coalesce((SELECT json_agg(h) FROM held h), '[]') AS "heldByKey"
    FROM c`);
  return row ?? { free: null, nextMs: null, heldByKey: [] };
}

/** Claims that no rate limit needs any more are removed. */
export async function forgetClaims(database: Queryable, consumerIds: readonly string[]): Promise<void> {
  await database.query(sql`DELETE FROM consumer_claims k USING consumers c
    WHERE c.id = ANY(${consumerIds}::text[]) AND k.consumer_id = c.id
      AND k.at < now() - make_interval(secs => coalesce((c.flow -> 'rateLimit' ->> 'perSeconds')::float8, 0) + 1)`);
}
