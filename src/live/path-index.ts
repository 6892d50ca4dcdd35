// An index of entries by the values of an event at given paths, searched in one walk through the event.
import type { IndexKey, KeyValue } from '../domain/conditions/index-keys.ts';
import { isJsonObject, type JsonObject } from '../domain/values/json.ts';

/** A place that paths lead to or through. */
class Step<Entry> {
  readonly below = new Map<string, Step<Entry>>();
  readonly byValue = new Map<KeyValue, Set<Entry>>();
  /** How many are filed, here and below, under there being nothing; and the names of the steps below with any such. */
  missing = 0;
  readonly absent = new Set<string>();
}

/** From so many paths on, it is asked whether the event has fewer keys than there are paths. */
const manyPaths = 32;

export class PathIndex<Entry> {
  readonly #root = new Step<Entry>();

  get isEmpty(): boolean {
    return this.#root.below.size === 0;
  }

  add({ path, values }: IndexKey, entry: Entry): void {
    for (const value of values) addAt(this.#root, path, value, entry);
  }

  /** Takes out what `add` was called with. */
  remove({ path, values }: IndexKey, entry: Entry): void {
    for (const value of values) removeAt(this.#root, path, value, entry);
  }

  /** Those that are filed under just that. */
  at(path: readonly string[], value: KeyValue): ReadonlySet<Entry> | undefined {
    let step: Step<Entry> | undefined = this.#root;
    for (const name of path) step = step?.below.get(name);
    return step?.byValue.get(value);
  }

  /** All that an event fits, some of them more than once. */
  find(event: object, found: (entries: ReadonlySet<Entry>) => void): void {
    findBelow(this.#root, event as JsonObject, found);
  }
}

/** False where it is there already. */
function addAt<Entry>(
  step: Step<Entry>,
  [name, ...rest]: readonly string[],
  value: KeyValue,
  entry: Entry,
): boolean {
  if (name === undefined) {
    const filed = step.byValue.get(value) ?? new Set();
    if (filed.has(entry)) return false;
    step.byValue.set(value, filed.add(entry));
    return true;
  }
  const next = step.below.get(name) ?? new Step<Entry>();
  step.below.set(name, next);
  const isNew = addAt(next, rest, value, entry);
  if (isNew && value === undefined) {
    next.missing += 1;
    step.absent.add(name);
  }
  return isNew;
}

/** False where it is not there any more. */
function removeAt<Entry>(
  step: Step<Entry>,
  [name, ...rest]: readonly string[],
  value: KeyValue,
  entry: Entry,
): boolean {
  if (name === undefined) {
    const filed = step.byValue.get(value);
    const wasThere = filed?.delete(entry) ?? false;
    if (filed?.size === 0) step.byValue.delete(value);
    return wasThere;
  }
  const next = step.below.get(name);
  if (!next || !removeAt(next, rest, value, entry)) return false;
  if (value === undefined) next.missing -= 1;
  if (next.missing === 0) step.absent.delete(name);
  if (next.below.size === 0 && next.byValue.size === 0) step.below.delete(name);
  return true;
}

type Found<Entry> = (entries: ReadonlySet<Entry>) => void;

function findAt<Entry>(step: Step<Entry>, value: unknown, found: Found<Entry>): void {
  // What is no scalar is never the key of a value.
  const filed = step.byValue.get(value as KeyValue);
  if (filed) found(filed);
  if (step.below.size === 0) return;
  if (isJsonObject(value)) findBelow(step, value, found);
  else for (const name of step.absent) findAt(step.below.get(name)!, undefined, found);
}

/** However many paths there are, an event costs as much as it has of them: others are not even passed. */
function findBelow<Entry>(step: Step<Entry>, holder: JsonObject, found: Found<Entry>): void {
  const names = step.below.size > manyPaths ? Object.keys(holder) : null;
  const fewer = names && names.length < step.below.size ? names : step.below.keys();
  for (const name of fewer) {
    const next = step.below.get(name);
    if (next && Object.hasOwn(holder, name)) findAt(next, holder[name], found);
  }
  for (const name of step.absent)
    if (!Object.hasOwn(holder, name)) findAt(step.below.get(name)!, undefined, found);
}
