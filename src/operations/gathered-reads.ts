// Reads of events by their ids: what many callers ask for in one turn of the event loop is read by one statement.
import type { Database } from '../database/database.ts';
import type { EventField, PartialEvent } from '../domain/event.ts';
import { readByIds } from '../store/read-events.ts';

/** Of the events that there are, by id. */
type EventsById = Map<string, PartialEvent>;

interface Gathering {
  readonly ids: Set<string>;
  readonly events: Promise<EventsById>;
}

/** Ids that callers share a statement for: each event may have a payload of a megabyte. A caller's own are not parted. */
const most = 200;

/** Nothing is remembered: an event is read after it was asked for. */
export function gatherReads(
  database: Database,
): (ids: readonly string[], fields: readonly EventField[]) => Promise<EventsById> {
  const gathering = new Map<string, Gathering>();
  const begin = (form: string, fields: readonly EventField[]): Gathering => {
    const ids = new Set<string>();
    const events = new Promise(setImmediate).then(async () => {
      if (gathering.get(form)?.ids === ids) gathering.delete(form);
      const rows = await readByIds(database, [...ids], fields);
      return new Map(rows.map((event) => [event.id, event]));
    });
    const begun = { ids, events };
    gathering.set(form, begun);
    return begun;
  };
  return async (ids, fields) => {
    const form = fields.join();
    const known = gathering.get(form);
    const group = known && known.ids.size + ids.length <= most ? known : begin(form, fields);
    for (const id of ids) group.ids.add(id);
    const events = await group.events;
    return new Map(
      ids.flatMap((id) => {
        const event = events.get(id);
        return event ? [[id, event]] : [];
      }),
    );
  };
}
