// A fair mutex with a timeout.
import { DatabaseUnavailable } from './database.ts';
import { within } from './deadline.ts';

/** Every caller that entered must leave exactly once. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();
  /** Callers that hold the mutex or wait for it. */
  #count = 0;

  /** Resolves to `leave` when the mutex is acquired. Rejects with DatabaseUnavailable after `ms`. */
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
    // Later callers still wait for the earlier ones.
    void before.then(leave);
    throw new DatabaseUnavailable(new Error('other transactions took too long'));
  }
}
