// A queue in which callers take turns, so that nobody waits for all that one of them has asked for.

export interface Queued<Item> {
  readonly caller: string;
  readonly item: Item;
}

export class FairQueue<Item> {
  /** By caller, those whose turn is next first. */
  readonly #items = new Map<string, Item[]>();

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  push(caller: string, item: Item): void {
    const others = this.#items.get(caller);
    if (others) others.push(item);
    else this.#items.set(caller, [item]);
  }

  /** Removes the item whose turn it is; its caller goes to the end of the line. */
  shift(): Queued<Item> | undefined {
    const [next] = this.#items;
    if (next === undefined) return undefined;
    const [caller, items] = next;
    const item = items.shift()!;
    this.#items.delete(caller);
    if (items.length > 0) this.#items.set(caller, items);
    return { caller, item };
  }
}
