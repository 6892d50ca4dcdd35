// Results that subscribers with different filters share: those of one change, where they have selected the same of it.
import type { Positioned } from './shared-member.ts';

export class SharedResults {
  /** Of this turn of the event loop: whoever comes to a change later gets the event as it stands then. */
  readonly #results = new Map<object, Map<string, Promise<Positioned>>>();

  /** `selection` is equal where the same is selected; the first who asks for it executes. */
  of(change: object, selection: string, execute: () => Promise<Positioned>): Promise<Positioned> {
    if (this.#results.size === 0) setImmediate(() => this.#results.clear());
    const ofChange = this.#results.get(change) ?? new Map<string, Promise<Positioned>>();
    this.#results.set(change, ofChange);
    const result = ofChange.get(selection) ?? execute();
    ofChange.set(selection, result);
    return result;
  }
}
