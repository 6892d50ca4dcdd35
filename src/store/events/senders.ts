// Who has sent events: whether somebody has, and the names of those whose names are near.
import sql, { raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';

/** Of events that were sent, those deleted since included. */
export async function hasSent(database: Queryable, sender: string): Promise<boolean> {
  const rows = await database.query(sql`
    SELECT l.position FROM log l WHERE l.kind = 'CREATED' AND l.sender = ${sender} LIMIT 1`);
  return rows.length > 0;
}

/** Up to `most` names from the first on, and as many before and behind `name`: each costs one look into the index. */
export async function sendersAround(database: Queryable, name: string, most: number): Promise<string[]> {
  const rows = await database.query<{ sender: string }>(sql`
    WITH RECURSIVE ${walk('first', '>=', 'ASC', '')}, ${walk('behind', '>', 'ASC', name)}, ${walk('before', '<', 'DESC', name)}
    (SELECT sender FROM first WHERE sender IS NOT NULL LIMIT ${most})
    UNION (SELECT sender FROM behind WHERE sender IS NOT NULL LIMIT ${most})
    UNION (SELECT sender FROM before WHERE sender IS NOT NULL LIMIT ${most})`);
  return rows.map(({ sender }) => sender);
}

/** From one name to the next, whatever lies between. */
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
