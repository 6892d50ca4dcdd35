// Shares the result of a change among subscribers with different filters but the same selection.
import type { Positioned } from './shared-subscriber.ts';

export class SharedResults {
  /** Valid for this turn of the event loop: later deliveries of a change read the event again. */
  readonly #results = new Map<object, Map<string, Promise<Positioned>>>();

  /** `selection` identifies the selected fields; the first caller executes. */
  of(change: object, selection: string, execute: () => Promise<Positioned>): Promise<Positioned> {
    if (this.#results.size === 0) setImmediate(() => this.#results.clear());
    const ofChange = this.#results.get(change) ?? new Map<string, Promise<Positioned>>();
    this.#results.set(change, ofChange);
    const result = ofChange.get(selection) ?? execute();
    ofChange.set(selection, result);
    return result;
  }
}
