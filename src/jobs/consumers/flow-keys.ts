// The values of a consumer's flow key, evaluated on sources and queued events.
import { fairSlices, type Steps } from '../../base/fair-slices.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import type { CelFilter } from '../../domain/cel/filter.ts';
import { celFields } from '../../domain/cel/filter-rows.ts';
import type { PartialEvent } from '../../domain/events/event.ts';
import type { Filterable } from '../../domain/conditions/checked-filter.ts';
import { keyOf } from '../../domain/jobs/flow.ts';
import { readInParts } from '../../store/events/match-events.ts';
import type { FlowKey } from './key-room.ts';

export class FlowKeys {
  readonly #database: Database;
  #expression: string | null = null;
  #known = new Map<string, FlowKey>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * By the id of the event. Null where the expression fails, or gives something else than a string, a number or a
   * truth value: these events share one key.
   */
  async of(expression: string | null, ids: readonly string[]): Promise<ReadonlyMap<string, FlowKey>> {
    if (expression !== this.#expression || this.#known.size > 2 * limits.flowReadAhead)
      this.#known = new Map();
    this.#expression = expression;
    const filter = keyOf({ key: expression });
    const unknown = ids.filter((id) => !this.#known.has(id));
    if (filter === null || unknown.length === 0) return this.#known;
    for await (const rows of readInParts(this.#database, unknown, celFields)) {
      const keys = await fairSlices.run('jobs', keysOf(filter, rows));
      for (const [id, key] of keys) this.#known.set(id, key);
    }
    return this.#known;
  }
}

function* keysOf(filter: CelFilter, rows: readonly PartialEvent[]): Steps<[string, FlowKey][]> {
  const keys: [string, FlowKey][] = [];
  for (const row of rows) {
    const text = filter.valueText(row as Filterable);
    keys.push([row.id, text === null ? null : text.slice(0, limits.flowKeyLength)]);
    yield;
  }
  return keys;
}
