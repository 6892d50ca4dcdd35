// The live hub: finds the watchers of a change through an index, not by testing every watcher.
import type { CheckedConditions } from '../domain/conditions/conditions.ts';
import { type IndexKeys, indexKeysOf, mostTelling } from '../domain/conditions/index-keys.ts';
import { isExactTopic } from '../domain/events/topic.ts';
import { PathIndex } from './path-index.ts';

/** What watchers are found by: what else selectors and their conditions look at is among it as well. */
export interface Routed {
  readonly id: string;
  readonly requestId: string;
  readonly topic: string;
  readonly project: string | null;
}

/** Null, or absent, does not select. */
export interface Selector {
  readonly ids: readonly string[] | null;
  readonly requestIds: readonly string[] | null;
  /** Patterns. */
  readonly topics: readonly string[] | null;
  readonly projects: readonly string[] | null;
  readonly senders?: readonly string[] | null;
  readonly users?: readonly string[] | null;
  readonly statuses?: readonly string[] | null;
  /** Those of the filter, and those that its CEL needs. */
  readonly conditions?: CheckedConditions | null;
}

export interface Watcher<Item> {
  readonly selector: Selector;
  /** The whole condition; tested only on items that pass the selector's most selective part. */
  readonly accepts: (item: Item) => boolean;
  readonly push: (item: Item) => void;
}

interface Entry<Item> {
  readonly watcher: Watcher<Item>;
  isOver: boolean;
  /** The last publication for which it was found. */
  round: number;
}

/**
 * Each watcher is indexed by one required part of its selector: the one that selects the fewest watchers at the time it
 * is added. A watcher without such a part is tested on every item.
 */
export class Hub<Item> {
  readonly #routeOf: (item: Item) => Routed;
  readonly #index = new PathIndex<Entry<Item>>();
  readonly #others = new Set<Entry<Item>>();
  #pass = 0;

  constructor(routeOf: (item: Item) => Routed) {
    this.#routeOf = routeOf;
  }

  /** Whether nothing is kept for anybody. */
  get isEmpty(): boolean {
    return this.#others.size === 0 && this.#index.isEmpty;
  }

  /** Returns the function that ends it. */
  watch(watcher: Watcher<Item>): () => void {
    const entry: Entry<Item> = { watcher, isOver: false, round: 0 };
    const keys = mostTelling(
      choicesOf(watcher.selector),
      (path, value) => this.#index.at(path, value)?.size ?? 0,
    );
    if (keys === null) this.#others.add(entry);
    else for (const key of keys) this.#index.add(key, entry);
    return () => {
      if (entry.isOver) return;
      entry.isOver = true;
      this.#others.delete(entry);
      for (const key of keys ?? []) this.#index.remove(key, entry);
    };
  }

  publish(item: Item): void {
    for (const entry of this.#matching(this.#routeOf(item))) {
      const { watcher } = entry;
      if (!entry.isOver && watcher.accepts(item)) watcher.push(item);
    }
  }

  /** Each once, by however many of its keys it is found. */
  #matching(route: Routed): readonly Entry<Item>[] {
    const matching: Entry<Item>[] = [];
    const round = (this.#pass += 1);
    const found = (entries: ReadonlySet<Entry<Item>> | undefined): void => {
      for (const entry of entries ?? []) {
        if (entry.round === round) continue;
        entry.round = round;
        matching.push(entry);
      }
    };
    this.#index.find(route, found);
    for (const beginning of beginningsOf(route.topic)) found(this.#index.at(['topic'], beginning));
    found(this.#others);
    return matching;
  }
}

const lists = [
  ['ids', 'id'],
  ['requestIds', 'requestId'],
  ['users', 'user'],
  ['senders', 'sender'],
  ['projects', 'project'],
  ['statuses', 'status'],
] as const;

function choicesOf(selector: Selector): readonly IndexKeys[] {
  const choices: IndexKeys[] = [];
  for (const [list, field] of lists) {
    const values = selector[list];
    if (values) choices.push([{ path: [field], values }]);
  }
  const topics = selector.topics?.map(beginningOf);
  if (topics && !topics.includes(null)) choices.push([{ path: ['topic'], values: topics }]);
  if (selector.conditions) choices.push(...indexKeysOf(selector.conditions));
  return choices;
}

/** A topic, or the part of a pattern up to the last dot before its first star, which no topic ends with; null for no part. */
function beginningOf(pattern: string): string | null {
  if (isExactTopic(pattern)) return pattern;
  const dot = pattern.lastIndexOf('.', pattern.indexOf('*'));
  return dot < 0 ? null : pattern.slice(0, dot + 1);
}

/** The parts of a topic that end with a dot. */
function beginningsOf(topic: string): string[] {
  const beginnings: string[] = [];
  for (let dot = topic.indexOf('.'); dot >= 0; dot = topic.indexOf('.', dot + 1))
    beginnings.push(topic.slice(0, dot + 1));
  return beginnings;
}
