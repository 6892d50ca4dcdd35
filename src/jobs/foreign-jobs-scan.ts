// The scan position in ready jobs of other consumers, so that rejected jobs are not examined in each pass.
import type { ReadyPosition } from '../store/jobs/find-jobs.ts';

/**
 * How far back scans overlap, in milliseconds. Jobs become ready in order of time, except for commits in progress.
 */
const overlapMs = 10_000;
/** How often the scan restarts from the beginning, because sources may have changed, in milliseconds. */
const allOverMs = 60_000;

export class ForeignJobsScan {
  #start: ReadyPosition | null = null;
  #since = performance.now();

  /** Where the scan begins; null for the beginning. */
  start(): ReadyPosition | null {
    if (performance.now() - this.#since > allOverMs) {
      this.#start = null;
      this.#since = performance.now();
    }
    return this.#start;
  }

  /** Records that nothing before `next` matched or, if that is null, nothing that was ready at this time. */
  lookedTo(next: ReadyPosition | null, at: Date): void {
    const place = next ?? { readyAt: new Date(at.getTime() - overlapMs), eventId: firstId };
    if (this.#start === null || place.readyAt > this.#start.readyAt) this.#start = place;
  }
}

const firstId = '00000000-0000-0000-0000-000000000000';
