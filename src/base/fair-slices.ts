// A round-robin scheduler for long computations: each runs for one time slice, then the next caller's turn comes.
import { FairQueue } from './fair-queue.ts';
import { pauseIfDue } from './time-slices.ts';

/** Length of a slice, in milliseconds. The event loop runs other work between slices. */
const sliceMs = 5;
/**
 * After a step that overran its slice, all computations pause for as long as it took, but at most this, in
 * milliseconds.
 */
const longestPauseMs = 250;

/** A computation whose `next()` performs one short step, such as a generator that yields between steps. */
export type Steps<Result> = Iterator<unknown, Result>;

interface Computation {
  /** Performs one step; true if it was the last. */
  step(): boolean;
}

export interface FairSlicesOptions {
  /** The clock, in milliseconds. */
  readonly now?: () => number;
  /** Calls `resume` after other queued work of the event loop, at the earliest after `ms`. */
  readonly later?: (resume: () => void, ms: number) => void;
}

/**
 * Callers take turns, and so do the computations of one caller. A long computation, or many of them, therefore does
 * not
 * block other callers. Steps are not interrupted: each must be short.
 */
export class FairSlices {
  readonly #now: () => number;
  readonly #later: (resume: () => void, ms: number) => void;
  readonly #waiting = new FairQueue<Computation>();
  /** Time used in this turn of the event loop, in milliseconds. */
  #used = 0;
  #isRunning = false;
  #isScheduled = false;

  constructor({ now = () => performance.now(), later = afterOthers }: FairSlicesOptions = {}) {
    this.#now = now;
    this.#later = later;
  }

  /** Resolves with the computation's result. Starts at once if this turn of the event loop has time left. */
  run<Result>(caller: string, steps: Steps<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const step = (): boolean => {
        try {
          const { done, value } = steps.next();
          if (done) resolve(value);
          return done ?? false;
        } catch (error) {
          reject(error);
          return true;
        }
      };
      this.#enter(caller, { step });
    });
  }

  #enter(caller: string, computation: Computation): void {
    const isFree = !this.#isRunning && this.#waiting.isEmpty && this.#used < sliceMs;
    if (isFree && this.#slice(computation)) return this.#schedule();
    this.#waiting.push(caller, computation);
    this.#schedule();
  }

  /** True when the computation is complete. */
  #slice(computation: Computation): boolean {
    const began = this.#now();
    const before = this.#used;
    this.#isRunning = true;
    let isOver = false;
    while (!isOver && this.#used < sliceMs) {
      isOver = computation.step();
      this.#used = before + this.#now() - began;
    }
    this.#isRunning = false;
    return isOver;
  }

  /** Schedules the next slice after other queued work of the event loop. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#later(() => {
      this.#isScheduled = false;
      this.#used = 0;
      this.#next();
    }, this.#pauseMs());
  }

  #pauseMs(): number {
    return this.#used > 2 * sliceMs ? Math.min(this.#used, longestPauseMs) : 0;
  }

  #next(): void {
    while (this.#used < sliceMs) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      if (!this.#slice(next.item)) this.#waiting.push(next.caller, next.item);
    }
    if (!this.#waiting.isEmpty || this.#used > 0) this.#schedule();
  }
}

/** Resumes in the next turn with time left. */
function afterOthers(resume: () => void, ms: number): void {
  const resumeIfDue = (): void => {
    const pause = pauseIfDue('computations');
    if (pause === undefined) resume();
    else void pause.then(resume);
  };
  if (ms > 0) setTimeout(resumeIfDue, ms);
  else setImmediate(resumeIfDue);
}

/** The process has one event loop, so all computations share one scheduler. */
export const fairSlices = new FairSlices();
