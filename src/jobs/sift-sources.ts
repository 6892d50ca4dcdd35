// What of sources only their filter in CEL can tell, after SQL has decided what it can.
import type { Database } from '../database/database.ts';
import { celFields, sift } from '../domain/cel/sift.ts';
import type { CelSubject } from '../domain/cel/subject.ts';
import type { Way } from '../domain/enroll.ts';
import { readByIds } from '../store/read-events.ts';

/** Sources that are read at once: each may have a payload of a megabyte. */
const batch = 100;

/** Those whose source the way of asking wants; `sourceOf` is asked only where that has to be found out here. */
export async function siftSources<Item>(
  database: Database,
  { where }: Way,
  items: readonly Item[],
  sourceOf: (item: Item) => string,
): Promise<readonly Item[]> {
  if (where === null) return items;
  const kept: Item[] = [];
  for (let from = 0; from < items.length; from += batch) {
    const some = items.slice(from, from + batch);
    const events = await readByIds(database, some.map(sourceOf), celFields);
    const byId = new Map(events.map((event) => [event.id, event as typeof event & CelSubject]));
    const known = some.filter((item) => byId.has(sourceOf(item)));
    const sifted = await sift(where, known, (item) => byId.get(sourceOf(item))!);
    kept.push(...sifted.kept);
  }
  return kept;
}
