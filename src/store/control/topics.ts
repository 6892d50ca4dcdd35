// Declared topics: writes, revisions, schemas, and counts of their events.
import sql, { type Sql } from 'sql-template-tag';
import type { TopicModel } from '../../../generated/prisma/models.ts';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { andWithin } from '../events/rows-sql.ts';
import type { CheckedDeclaration } from '../../domain/schemas/topic-schema.ts';

export interface Declared {
  /** False if there would be more than `most` topics. Then nothing was declared. */
  readonly fits: boolean;
  /** The number of declarations that are new or changed. */
  readonly changed: number;
}

/** Replaces the declarations of these names, which must be distinct. */
export async function declareTopics(
  database: Queryable,
  given: readonly CheckedDeclaration[],
  by: string,
  most: number,
): Promise<Declared> {
  const column = (key: keyof CheckedDeclaration) => given.map((declaration) => declaration[key]);
  const names = column('name');
  const [row] = await database.query<Declared>(sql`
    WITH room AS MATERIALIZED (
      SELECT (SELECT count(*) FROM topics) + count(*) <= ${most} AS fits FROM unnest(${names}::text[]) AS n(name)
      WHERE NOT EXISTS (SELECT FROM topics x WHERE x.name = n.name OFFSET 0)
    ),
    done AS (
      INSERT INTO topics AS t (name, title, description, summary_schema, payload_schema, declared_by, declared_at, revision)
      SELECT g.*, ${by}, date_trunc('milliseconds', clock_timestamp()), gen_random_uuid()
      FROM room r, unnest(${names}::text[], ${column('title')}::text[], ${column('description')}::text[],
        ${column('summarySchema')}::text[], ${column('payloadSchema')}::text[])
        AS g(name, title, description, summary_schema, payload_schema)
      WHERE r.fits ORDER BY g.name
      ON CONFLICT (name) DO UPDATE SET title = excluded.title, description = excluded.description,
        summary_schema = excluded.summary_schema, payload_schema = excluded.payload_schema,
        declared_by = excluded.declared_by, declared_at = excluded.declared_at, revision = excluded.revision
      WHERE (t.title, t.description, t.summary_schema, t.payload_schema) IS DISTINCT FROM
        (excluded.title, excluded.description, excluded.summary_schema, excluded.payload_schema)
      RETURNING t.name
    )
    SELECT r.fits, (SELECT count(*)::int4 FROM done) AS changed FROM room r`);
  return row ?? { fits: false, changed: 0 };
}

/** Topics with a schema, and their current revisions. */
export function readRevisions(database: Queryable): Promise<{ name: string; revision: string }[]> {
  return database.query({
    name: 'read-topic-revisions',
    text: `SELECT t.name, t.revision FROM topics t
      WHERE t.summary_schema IS NOT NULL OR t.payload_schema IS NOT NULL`,
    values: [],
  });
}

/** A topic's schemas as JSON text. */
export interface TopicSchemas extends Readonly<Pick<TopicModel, 'name' | 'revision'>> {
  readonly summary: TopicModel['summarySchema'];
  readonly payload: TopicModel['payloadSchema'];
}

export function readSchemas(database: Queryable, names: readonly string[]): Promise<TopicSchemas[]> {
  return database.query(sql`SELECT t.name, t.revision, t.summary_schema AS summary, t.payload_schema AS payload
    FROM topics t WHERE t.name = ANY(${names}::text[])`);
}

/** The number of events of each topic, up to `ceiling`. */
export function countByTopic(
  database: Queryable,
  names: readonly string[],
  cap: number,
  within: RowScope | null,
): Promise<{ name: string; count: number }[]> {
  return database.query(sql`
    SELECT n.name, c.count FROM unnest(${names}::text[]) AS n(name) CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS count FROM (SELECT FROM (${ofTopic(within)}) e WHERE true ${andWithin(within, 'e')}
        LIMIT ${cap}) x) c`);
}

/** The latest events of a topic: for who sees only some of them, as many as a page reads at most. */
function ofTopic(within: RowScope | null): Sql {
  if (within === null) return sql`SELECT * FROM events x WHERE x.topic = n.name`;
  return sql`SELECT x.topic, x.project, x.request_id, x.created_at, x.created_position FROM events x
    WHERE x.topic = n.name ORDER BY x.created_at DESC, x.created_position DESC LIMIT ${limits.scanRows}`;
}

/** When the latest event of each topic was sent. Topics without events are omitted. */
export function latestByTopic(
  database: Queryable,
  names: readonly string[],
  within: RowScope | null,
): Promise<{ name: string; at: Date }[]> {
  return database.query(sql`
    SELECT n.name, l.created_at AS at FROM unnest(${names}::text[]) AS n(name) CROSS JOIN LATERAL (
      SELECT e.created_at FROM (${ofTopic(within)}) e WHERE true ${andWithin(within, 'e')}
      ORDER BY e.created_at DESC, e.created_position DESC LIMIT 1) l`);
}
