// Finds the events of a plain queue that nobody has claimed yet.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { Position } from '../../domain/events/event.ts';
import type { ConsumerDefinition } from '../../domain/jobs/enroll.ts';
import { keptJsonBytes } from '../events/answer-bytes.ts';
import { itemConditions, type Source } from './find-sources.ts';

/** Whether the event `alias` waits in a queue, in the words of the index events_queue_idx. */
export function isQueuedSql(alias: string): string {
  return `${alias}.status IN ('PENDING', 'RESTARTED') AND NOT ${alias}.job AND NOT ${alias}.queued AND NOT ${alias}.held`;
}

export interface QueuedEvent extends Source {
  readonly priority: number;
  /** The position of the event's latest change. */
  readonly version: Position;
}

/** Where a search continues: behind the last event that was examined. */
export type QueuePlace = Pick<QueuedEvent, 'priority' | 'position'>;

export interface FoundQueued {
  /** Those that the consumer selects, as far as SQL can decide, by priority and in the order of their creation. */
  readonly events: readonly QueuedEvent[];
  /** The last event examined if there may be more; otherwise null. */
  readonly next: QueuePlace | null;
}

/** Examines up to `batch` events. */
export async function findQueued(
  database: Queryable,
  definition: ConsumerDefinition,
  after: QueuePlace | null,
  batch: number,
): Promise<FoundQueued> {
  const parts = after
    ? [
        part(
          definition,
          batch,
          sql`AND e.priority = ${after.priority} AND e.created_position > ${after.position}`,
        ),
        part(definition, batch, sql`AND e.priority < ${after.priority}`),
      ]
    : [part(definition, batch, empty)];
  const found = await database.query<QueuedEvent & { wanted: boolean }>(prepared(join(parts, ' UNION ALL ')));
  const rows = found.sort(inOrder).slice(0, batch);
  return {
    events: rows.filter(({ wanted }) => wanted),
    next: rows.length === batch ? rows.at(-1)! : null,
  };
}

function part(definition: ConsumerDefinition, batch: number, condition: Sql): Sql {
  return sql`(SELECT e.id, e.created_position AS position, e.position AS version, e.priority, ${keptJsonBytes} AS "jsonBytes",
      ${itemConditions(definition)} ${youngEnough(definition)} AS wanted
    FROM (SELECT * FROM events e WHERE e.topic = ${definition.target} AND ${raw(isQueuedSql('e'))} ${condition}
      ORDER BY e.priority DESC, e.created_position LIMIT ${batch}) e)`;
}

function youngEnough({ ignoreOlderThanMs }: ConsumerDefinition): Sql {
  if (ignoreOlderThanMs === null) return empty;
  return sql`AND e.updated_at > now() - make_interval(secs => ${ignoreOlderThanMs / 1_000}::float8)`;
}

function inOrder(a: QueuePlace, b: QueuePlace): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  return a.position < b.position ? -1 : 1;
}
