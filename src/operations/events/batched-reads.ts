// Batched reads of events by id: all reads requested in one turn of the event loop share statements.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import { readLarge } from './large-reads.ts';
import { readSomeByIds } from '../../store/events/read-events.ts';

/** Of the events that there are, by id. */
type EventsById = Map<string, PartialEvent>;

interface ReadEvents {
  readonly events: EventsById;
  /** Ids that were not read any more, since there was too much. */
  readonly left: readonly string[];
}

interface Gathering {
  readonly ids: Set<string>;
  readonly answer: Promise<ReadEvents>;
}

/** Ids that callers share a statement for: each event may have a payload of a megabyte. A caller's own are not parted. */
const most = 200;

/** Nothing is remembered: an event is read after it was asked for. */
export function gatherReads(
  database: Database,
): (ids: readonly string[], fields: readonly EventField[], rows: RowScope | null) => Promise<EventsById> {
  const gathering = new Map<string, Gathering>();
  const begin = (form: string, fields: readonly EventField[], rows: RowScope | null): Gathering => {
    const ids = new Set<string>();
    const answer = new Promise(setImmediate).then(() => {
      if (gathering.get(form)?.ids === ids) gathering.delete(form);
      return readAll(database, [...ids], fields, rows);
    });
    const begun = { ids, answer };
    gathering.set(form, begun);
    return begun;
  };
  return async (ids, fields, rows) => {
    const form = rows === null ? fields.join() : `${fields.join()} ${textOf(rows)}`;
    const known = gathering.get(form);
    const group = known && known.ids.size + ids.length <= most ? known : begin(form, fields, rows);
    for (const id of ids) group.ids.add(id);
    const { events, left } = await group.answer;
    if (left.length === 0 || ids.every((id) => events.has(id))) return ownOf(events, ids);
    const own = await readAll(database, ids, fields, rows);
    if (own.left.length > 0) throw tooLarge();
    return own.events;
  };
}

const texts = new WeakMap<RowScope, string>();

function textOf(rows: RowScope): string {
  const text = texts.get(rows) ?? JSON.stringify(rows);
  texts.set(rows, text);
  return text;
}

/** One statement, or several if their JSON is large. */
async function readAll(
  database: Database,
  ids: readonly string[],
  fields: readonly EventField[],
  within: RowScope | null,
): Promise<ReadEvents> {
  const events: EventsById = new Map();
  let left = ids;
  let bytes = 0;
  while (bytes <= limits.operationBytes) {
    const read = (maxBytes: number) => readSomeByIds(database, left, fields, { maxBytes }, within);
    const { rows, isCut } = await readLarge(database, '', read);
    for (const event of rows) {
      events.set(event.id, event);
      bytes += event.jsonBytes ?? 0;
    }
    if (!isCut) return { events, left: [] };
    left = left.filter((id) => !events.has(id));
  }
  return { events, left };
}

/** What one caller asked for. */
function ownOf(events: EventsById, ids: readonly string[]): EventsById {
  const own: EventsById = new Map();
  let bytes = 0;
  for (const id of new Set(ids)) {
    const event = events.get(id);
    if (event === undefined) continue;
    own.set(id, event);
    bytes += event.jsonBytes ?? 0;
  }
  if (own.size > 1 && bytes > limits.operationBytes) throw tooLarge();
  return own;
}

function tooLarge(): ThroughlineError {
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The events have more than ${limits.operationBytes} bytes of JSON in the fields asked for; ask for fewer at once, or without those fields.`,
  );
}
