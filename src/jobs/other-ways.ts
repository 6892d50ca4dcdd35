// Which ready jobs of other ways of asking have been looked at and are not wanted: they are not looked at each time.
import type { ReadyPlace } from '../store/find-jobs.ts';

/** Jobs become ready in the order of time, but for what was being committed: so far back is looked at again. */
const overlapMs = 10_000;
/** How often all are looked at again, since sources may have changed, in milliseconds. */
const allOverMs = 60_000;

export class OtherWays {
  #start: ReadyPlace | null = null;
  #since = performance.now();

  /** Where to begin; null for the beginning. */
  start(): ReadyPlace | null {
    if (performance.now() - this.#since > allOverMs) {
      this.#start = null;
      this.#since = performance.now();
    }
    return this.#start;
  }

  /** Of those from the start on none is wanted, up to `next`, or if that is null up to those ready at this time. */
  lookedTo(next: ReadyPlace | null, at: Date): void {
    const place = next ?? { readyAt: new Date(at.getTime() - overlapMs), eventId: firstId };
    if (this.#start === null || place.readyAt > this.#start.readyAt) this.#start = place;
  }
}

const firstId = '00000000-0000-0000-0000-000000000000';
