// A mutex that is granted in the order of arrival, for which nobody waits without an end.
import { DatabaseUnavailable } from './database.ts';
import { within } from './deadline.ts';

/** Whoever entered must leave, once; those behind wait for it. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();
  /** Those who have it or wait for it. */
  #count = 0;

  /** Resolves to `leave` when it is the caller's turn; rejects with DatabaseUnavailable if that takes longer than `ms`. */
  async enter(ms = Infinity): Promise<() => void> {
    const before = this.#last;
    const isFree = this.#count === 0;
    this.#count += 1;
    let leave = (): void => {};
    this.#last = new Promise((resolve) => {
      leave = () => {
        this.#count -= 1;
        resolve();
      };
    });
    if (isFree) return leave;
    const outcome = await (ms === Infinity ? before : within(ms, before, 'late'));
    if (outcome !== 'late') return leave;
    // Those behind still wait for those before.
    void before.then(leave);
    throw new DatabaseUnavailable(new Error('other transactions took too long'));
  }
}
