// Where events are, of those that are known by nothing but their ids: their requests and topics.
import DataLoader from 'dataloader';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { readByIds } from '../../store/events/read-events.ts';
import type { ProgressTarget } from './update.ts';

/** Reads together what is asked for together, and remembers nothing. */
export function eventLocationsOf(database: Database): DataLoader<string, ProgressTarget | null> {
  const read = async (ids: readonly string[]) => {
    const events = await readByIds(database, [...new Set(ids)], ['requestId', 'topic']);
    const byId = new Map(events.map((event) => [event.id, event]));
    return ids.map((id) => {
      const { requestId, topic } = byId.get(id) ?? {};
      return requestId === undefined || topic === undefined ? null : { id, requestId, topic };
    });
  };
  return new DataLoader(read, { cache: false, maxBatchSize: limits.flushItems });
}
