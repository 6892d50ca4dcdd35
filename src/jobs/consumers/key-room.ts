// The choice of what to claim under a limit per key: fair between keys, those that hold least first.
import { groupBy } from '../../base/group-by.ts';

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

  /**
   * Up to `count` items whose keys have room. The items of one key stay in order. Takes time in proportion to the number
   * of items: keys are served level by level, those that hold least first.
   */
  choose<Item>(items: readonly Item[], count: number, keyOf: (item: Item) => FlowKey): readonly Item[] {
    const most = this.#most;
    if (most === null) return items.slice(0, count);
    const byHeld = new Map<number, Iterator<Item>[]>();
    const add = (held: number, rest: Iterator<Item>) => {
      const level = byHeld.get(held);
      if (level) level.push(rest);
      else byHeld.set(held, [rest]);
    };
    for (const [key, group] of groupBy(items, keyOf)) {
      const held = this.#held.get(key) ?? 0;
      if (held < most) add(held, group.values());
    }
    const chosen: Item[] = [];
    for (let held = 0; byHeld.size > 0; held = byHeld.has(held + 1) ? held + 1 : Math.min(...byHeld.keys())) {
      const level = byHeld.get(held) ?? [];
      byHeld.delete(held);
      for (const rest of level) {
        if (chosen.length === count) return chosen;
        const { done, value } = rest.next();
        if (done) continue;
        chosen.push(value);
        if (held + 1 < most) add(held + 1, rest);
      }
    }
    return chosen;
  }
}
