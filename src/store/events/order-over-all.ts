// The order of the index over all events, `events_created_idx`.
import { raw, type Sql } from 'sql-template-tag';
import type { Direction } from '../../domain/events/page.ts';

/**
 * Must be written where events are read from this index in order of creation. All other lists sort nulls, of which there are
 * none, at the other end: so the planner cannot take this index for a list by topic or project.
 */
export const orderOverAll: Readonly<Record<Direction, Sql>> = {
  ASC: raw('ASC NULLS FIRST'),
  DESC: raw('DESC NULLS LAST'),
};
