// Items that were read ahead of the calls that claim them, and those that calls have taken of them.
import type { Source } from '../store/jobs/find-sources.ts';

/** How long items that were read ahead are assigned without another read, in milliseconds. */
const freshMs = 1_000;

export class ReadAhead {
  /** In the order in which they are assigned. */
  #items: Source[] = [];
  /** They may be claimed at this moment. */
  readonly taken = new Set<Source>();
  #readAt = 0;

  get items(): readonly Source[] {
    return this.#items;
  }

  get isFresh(): boolean {
    return performance.now() - this.#readAt <= freshMs;
  }

  /** Appends what was read, without what is taken. */
  add(found: readonly Source[]): void {
    if (this.#items.length === 0) this.#readAt = performance.now();
    const taken = new Set([...this.taken].map(({ id }) => id));
    this.#items.push(...found.filter(({ id }) => !taken.has(id)));
  }

  /** Hands out items again that were not claimed. */
  putBack(items: readonly Source[]): void {
    if (items.length === 0) return;
    this.#items = [...items, ...this.#items].sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  clear(): void {
    this.#items = [];
  }

  /**
   * Takes up to `count` items. `anywhere` takes them from further on, since other gateways claim the first ones at this
   * moment.
   */
  next(count: number, anywhere: boolean): readonly Source[] {
    const spare = anywhere ? this.#items.length - count : 0;
    return this.#takeFrom(spare > 0 ? Math.floor(Math.random() * (spare + 1)) : 0, count);
  }

  /** Takes `count` items if so many were read shortly before; otherwise none. */
  nextFresh(count: number): readonly Source[] {
    return this.isFresh && this.#items.length >= count ? this.#takeFrom(0, count) : [];
  }

  take(chosen: readonly Source[]): readonly Source[] {
    const those = new Set(chosen);
    this.#items = this.#items.filter((item) => !those.has(item));
    for (const item of chosen) this.taken.add(item);
    return chosen;
  }

  #takeFrom(start: number, count: number): readonly Source[] {
    const items = this.#items.splice(start, count);
    for (const item of items) this.taken.add(item);
    return items;
  }
}
