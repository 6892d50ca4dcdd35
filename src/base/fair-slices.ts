// Long computations of many callers, in turns: each goes on for one time slice, then another caller's does.
import { pauseIfDue } from './time-slices.ts';

/** How long one slice goes on, in milliseconds: between two slices the event loop serves everybody else. */
const sliceMs = 5;
/** After a slice in which a single step took longer, all computations pause for as long, but at most this, in milliseconds. */
const longestPauseMs = 250;

/** A computation: each `next()` does one short step of it. A generator that yields between its steps is one. */
export type Steps<Result> = Iterator<unknown, Result>;

interface Computation {
  /** Does one step; true when that was the last. */
  step(): boolean;
}

export interface FairSlicesOptions {
  /** The clock, in milliseconds. */
  readonly now?: () => number;
  /** Calls back when the event loop has served what waits, `ms` later at the earliest. */
  readonly later?: (resume: () => void, ms: number) => void;
}

/**
 * Callers take turns, and so do the computations of each caller, so that neither a long computation nor many of them
 * keep the others waiting. Steps are not interrupted: each must be short.
 */
export class FairSlices {
  readonly #now: () => number;
  readonly #later: (resume: () => void, ms: number) => void;
  /** By caller, those whose turn is next first. */
  readonly #waiting = new Map<string, Computation[]>();
  /** What was used of this turn of the event loop, in milliseconds. */
  #used = 0;
  #isRunning = false;
  #isScheduled = false;

  constructor({ now = () => performance.now(), later = afterOthers }: FairSlicesOptions = {}) {
    this.#now = now;
    this.#later = later;
  }

  /** What the computation returns. It begins at once if there is time left in this turn of the event loop. */
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
    const isFree = !this.#isRunning && this.#waiting.size === 0 && this.#used < sliceMs;
    if (isFree && this.#slice(computation)) return this.#schedule();
    const others = this.#waiting.get(caller);
    if (others) others.push(computation);
    else this.#waiting.set(caller, [computation]);
    this.#schedule();
  }

  /** True when the computation is over. */
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

  /** The next slice begins when the event loop has served what waits. */
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
    for (const [caller, computations] of this.#waiting) {
      if (this.#used >= sliceMs) break;
      // Whoever was served goes to the end of the line.
      this.#waiting.delete(caller);
      const computation = computations.shift()!;
      if (!this.#slice(computation)) computations.push(computation);
      if (computations.length > 0) this.#waiting.set(caller, computations);
    }
    if (this.#waiting.size > 0 || this.#used > 0) this.#schedule();
  }
}

/** In the next turn in which other long work leaves some time. */
function afterOthers(resume: () => void, ms: number): void {
  const resumeIfDue = (): void => {
    const pause = pauseIfDue();
    if (pause === undefined) resume();
    else void pause.then(resume);
  };
  if (ms > 0) setTimeout(resumeIfDue, ms);
  else setImmediate(resumeIfDue);
}

/** The process has one event loop, and so all computations on it share these. */
export const fairSlices = new FairSlices();
