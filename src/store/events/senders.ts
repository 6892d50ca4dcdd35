// Senders of events: whether one exists, and which names are near another.
import sql, { raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';

/** Includes senders of deleted events. */
export async function hasSent(database: Queryable, sender: string): Promise<boolean> {
  const rows = await database.query(sql`
    SELECT l.position FROM log l WHERE l.kind = 'CREATED' AND l.sender = ${sender} LIMIT 1`);
  return rows.length > 0;
}

/** The first `most` names, and up to `most` before and after `name`. Each costs one index probe. */
export async function sendersAround(database: Queryable, name: string, most: number): Promise<string[]> {
  const rows = await database.query<{ sender: string }>(sql`
    WITH RECURSIVE ${walk('first', '>=', 'ASC', '')}, ${walk('behind', '>', 'ASC', name)}, ${walk('before', '<', 'DESC', name)}
    (SELECT sender FROM first WHERE sender IS NOT NULL LIMIT ${most})
    UNION (SELECT sender FROM behind WHERE sender IS NOT NULL LIMIT ${most})
    UNION (SELECT sender FROM before WHERE sender IS NOT NULL LIMIT ${most})`);
  return rows.map(({ sender }) => sender);
}

/** Skips from one name to the next by index. */
function walk(as: string, first: '>=' | '>' | '<', direction: 'ASC' | 'DESC', from: string): Sql {
  const [step, order] = [raw(direction === 'ASC' ? '>' : '<'), raw(direction)];
  return sql`${raw(as)} AS (
    SELECT (SELECT l.sender FROM log l WHERE l.kind = 'CREATED' AND l.sender ${raw(first)} ${from}
      ORDER BY l.sender ${order} LIMIT 1) AS sender
    UNION ALL
    SELECT (SELECT l.sender FROM log l WHERE l.kind = 'CREATED' AND l.sender ${step} w.sender
      ORDER BY l.sender ${order} LIMIT 1)
    FROM ${raw(as)} w WHERE w.sender IS NOT NULL
  )`;
}
