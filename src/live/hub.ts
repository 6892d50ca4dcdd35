// The live hub: finds who wants a change by looking it up, not by asking every watcher.
import { isExactTopic } from '../domain/topic.ts';

/** What watchers are found by. */
export interface Routed {
  readonly id: string;
  readonly requestId: string;
  readonly topic: string;
  readonly project: string | null;
  readonly sender?: string | null;
}

/** Null does not select. */
export interface Selector {
  readonly ids: readonly string[] | null;
  readonly requestIds: readonly string[] | null;
  readonly topics: readonly string[] | null;
  readonly projects: readonly string[] | null;
  readonly senders?: readonly string[] | null;
}

export interface Watcher<Item> {
  readonly selector: Selector;
  /** The whole condition; asked only of items that the selector's most telling part lets through. */
  readonly accepts: (item: Item) => boolean;
  readonly push: (item: Item) => void;
}

type Index<Item> = Map<string, Set<Watcher<Item>>>;

/** Each watcher is filed under its most telling key: ids, else requests, else exact topics, else projects, else senders, else none. */
export class Hub<Item> {
  readonly #routeOf: (item: Item) => Routed;
  readonly #byId: Index<Item> = new Map();
  readonly #byRequest: Index<Item> = new Map();
  readonly #byTopic: Index<Item> = new Map();
  readonly #byProject: Index<Item> = new Map();
  readonly #bySender: Index<Item> = new Map();
  readonly #others = new Set<Watcher<Item>>();

  constructor(routeOf: (item: Item) => Routed) {
    this.#routeOf = routeOf;
  }

  /** Returns the function that ends it. */
  watch(watcher: Watcher<Item>): () => void {
    const filed = this.#placeOf(watcher.selector);
    if (filed === null) {
      this.#others.add(watcher);
      return () => this.#others.delete(watcher);
    }
    const [index, keys] = filed;
    for (const key of keys) file(index, key, watcher);
    return () => {
      for (const key of keys) unfile(index, key, watcher);
    };
  }

  publish(item: Item): void {
    const { id, requestId, topic, project, sender } = this.#routeOf(item);
    offer(item, this.#byId.get(id));
    offer(item, this.#byRequest.get(requestId));
    offer(item, this.#byTopic.get(topic));
    if (project !== null) offer(item, this.#byProject.get(project));
    if (sender != null) offer(item, this.#bySender.get(sender));
    offer(item, this.#others);
  }

  #placeOf({
    ids,
    requestIds,
    topics,
    projects,
    senders,
  }: Selector): [Index<Item>, readonly string[]] | null {
    if (ids) return [this.#byId, ids];
    if (requestIds) return [this.#byRequest, requestIds];
    if (topics?.every(isExactTopic)) return [this.#byTopic, topics];
    if (projects) return [this.#byProject, projects];
    return senders ? [this.#bySender, senders] : null;
  }
}

function file<Item>(index: Index<Item>, key: string, watcher: Watcher<Item>): void {
  const filed = index.get(key);
  if (filed) filed.add(watcher);
  else index.set(key, new Set([watcher]));
}

function unfile<Item>(index: Index<Item>, key: string, watcher: Watcher<Item>): void {
  const filed = index.get(key);
  filed?.delete(watcher);
  if (filed?.size === 0) index.delete(key);
}

function offer<Item>(item: Item, watchers: Iterable<Watcher<Item>> | undefined): void {
  for (const watcher of watchers ?? []) {
    if (watcher.accepts(item)) watcher.push(item);
  }
}
