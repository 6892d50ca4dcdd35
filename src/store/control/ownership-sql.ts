// Ownership as SQL: what a caller sees of rows with `key_id` and `rows`, and whether the latter hold an event.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Located, Ownership } from '../../domain/access/row-scope.ts';
import { auditPrefix } from '../../domain/events/reserved-topics.ts';

/** `AND …`, or nothing for who sees all. Patterns of topics are compared as they are written. */
export function andOwned(owned: Ownership | null, alias: string): Sql {
  if (owned === null) return empty;
  const [key, rows] = [raw(`${alias}.key_id`), raw(`${alias}.rows`)];
  if (owned.shared === null) return sql`AND ${key} = ${owned.key}`;
  const { projects, topics, requestIds } = owned.shared;
  const isPart = (list: string, of: readonly string[] | null) =>
    of === null ? sql`true` : sql`${rows} -> ${list}::text <@ ${JSON.stringify(of)}::jsonb`;
  return sql`AND (${key} = ${owned.key} OR (${isPart('projects', projects)} AND ${isPart('topics', topics)}
    AND ${isPart('requestIds', requestIds)}) IS TRUE)`;
}

/** Whether the event `event`, a row, is within the projects that are stored with `alias`: topic and request stay as they were. */
export function holdsRow(event: string, alias: string): Sql {
  const [project, rows] = [raw(`${event}.project`), raw(`${alias}.rows`)];
  return sql`(coalesce(jsonb_typeof(${rows} -> 'projects'), 'null') = 'null' OR (jsonb_exists(${rows} -> 'projects', ${project})) IS TRUE)`;
}

/** Whether the event is within the rows that are stored with `alias`. */
export function holdsEvent({ topic, project, requestId }: Located, alias: string): Sql {
  const rows = raw(`${alias}.rows`);
  const has = (list: string, name: string | null) =>
    sql`(coalesce(jsonb_typeof(${rows} -> ${list}::text), 'null') = 'null' OR (jsonb_exists(${rows} -> ${list}::text, ${name}::text)) IS TRUE)`;
  return sql`${has('projects', project)} AND ${has('requestIds', requestId)}
    AND CASE WHEN jsonb_typeof(${rows} -> 'topics') = 'array' THEN EXISTS (
      SELECT FROM jsonb_array_elements_text(${rows} -> 'topics') AS p
      WHERE ${topic}::text LIKE replace(replace(replace(replace(p, E'\\\\', E'\\\\\\\\'), '%', E'\\\\%'), '_', E'\\\\_'), '*', '%'))
      ELSE true END
    AND NOT (coalesce((${rows} ->> 'hidesAudit')::boolean, false) AND starts_with(${topic}::text, ${auditPrefix}))`;
}
