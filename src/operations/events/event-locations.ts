// Looks up the requests, topics and projects of events known only by id.
import DataLoader from 'dataloader';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { readByIds } from '../../store/events/read-events.ts';
import type { ProgressTarget } from './update.ts';

/** Batches the reads of one turn of the event loop; caches nothing. */
export function eventLocationsOf(database: Database): DataLoader<string, ProgressTarget | null> {
  const read = async (ids: readonly string[]) => {
    const events = await readByIds(database, [...new Set(ids)], ['requestId', 'topic', 'project']);
    const byId = new Map(events.map((event) => [event.id, event]));
    return ids.map((id) => {
      const { requestId, topic, project = null } = byId.get(id) ?? {};
      return requestId === undefined || topic === undefined ? null : { id, requestId, topic, project };
    });
  };
  return new DataLoader(read, { cache: false, maxBatchSize: limits.flushItems });
}
