// The choice of what to claim under a limit per key: fair between keys, those that hold least first.

interface Group<Item> {
  held: number;
  readonly items: readonly Item[];
  next: number;
}

export type FlowKey = string | null;

export class KeyRoom {
  readonly #most: number | null;
  readonly #held: ReadonlyMap<FlowKey, number>;

  /** `most`: held jobs of one key; null for any number. `held`: those that are held now. */
  constructor(most: number | null, held: readonly { readonly key: FlowKey; readonly held: number }[]) {
    this.#most = most;
    this.#held = new Map(held.map(({ key, held: count }) => [key, count]));
  }

  /** The room that is left when jobs with these keys are held as well. */
  without(keys: readonly FlowKey[]): KeyRoom {
    const held = new Map(this.#held);
    for (const key of keys) held.set(key, (held.get(key) ?? 0) + 1);
    return new KeyRoom(
      this.#most,
      [...held].map(([key, count]) => ({ key, held: count })),
    );
  }

  /** Up to `count` items whose keys have room. The items of one key stay in order. */
  choose<Item>(items: readonly Item[], count: number, keyOf: (item: Item) => FlowKey): readonly Item[] {
    const most = this.#most;
    if (most === null) return items.slice(0, count);
    const groups = this.#groups(items, keyOf);
    const chosen: Item[] = [];
    while (chosen.length < count) {
      let least: [FlowKey, Group<Item>] | undefined;
      for (const [key, group] of groups) {
        if (group.held >= most || group.next >= group.items.length) groups.delete(key);
        else if (least === undefined || group.held < least[1].held) least = [key, group];
      }
      if (least === undefined) break;
      const [, group] = least;
      chosen.push(group.items[group.next]!);
      group.next += 1;
      group.held += 1;
    }
    return chosen;
  }

  #groups<Item>(items: readonly Item[], keyOf: (item: Item) => FlowKey): Map<FlowKey, Group<Item>> {
    const byKey = new Map<FlowKey, Item[]>();
    for (const item of items) {
      const key = keyOf(item);
      const group = byKey.get(key);
      if (group) group.push(item);
      else byKey.set(key, [item]);
    }
    return new Map(
      [...byKey].map(([key, group]) => [key, { held: this.#held.get(key) ?? 0, items: group, next: 0 }]),
    );
  }
}
