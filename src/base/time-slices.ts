// Time slices of the event loop: long work pauses after each slice, so that other work can run.
import { FairQueue } from './fair-queue.ts';

export interface TimeSlicesOptions {
  /** How long the work may block the event loop, in milliseconds. */
  readonly sliceMs: number;
  /** Turns of the event loop between two slices, at least. */
  readonly fewestTurns: number;
  /** The same at most; between the two, the pause ends when it has taken as long as the slice. */
  readonly mostTurns: number;
}

/** All work of a kind shares one slice, so that many callers together block no longer than one. */
export class TimeSlices {
  readonly #options: TimeSlicesOptions;
  /** Start of the current slice; undefined until work asks for one. */
  #began: number | undefined;
  /** Work that waits for a slice. */
  readonly #waiting = new FairQueue<() => void>();
  #count = 0;
  /** Whether work that is already waiting has precedence over new work. */
  #isReserved = false;

  constructor(options: TimeSlicesOptions) {
    this.#options = options;
  }

  /**
   * Call this before each step of long work. Returns undefined during the slice, so that the work continues at once;
   * otherwise a promise that resolves at the next slice in which it is the caller's turn.
   */
  pauseIfDue(caller = ''): Promise<void> | undefined {
    if (!this.#isOver() && !this.#isReserved) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(caller, resolve);
      this.#count += 1;
    });
  }

  #isOver(): boolean {
    const now = performance.now();
    if (this.#began === undefined) {
      this.#began = now;
      setImmediate(() => this.#endTurn());
    }
    return now - this.#began >= this.#options.sliceMs;
  }

  /** At the end of a turn of the event loop: a slice that is used up is followed by turns without such work. */
  #endTurn(): void {
    if (this.#isOver()) this.#pause(performance.now(), performance.now() - this.#began!, 1);
    else this.#begin();
  }

  #pause(since: number, ms: number, turn: number): void {
    const { fewestTurns, mostTurns } = this.#options;
    const isLong = performance.now() - since >= ms;
    if (turn > mostTurns || (isLong && turn > fewestTurns)) this.#begin();
    else setImmediate(() => this.#pause(since, ms, turn + 1));
  }

  /** One immediate for each, since the work of one is done before the next one begins. */
  #begin(): void {
    this.#began = undefined;
    this.#isReserved = this.#count > 0;
    for (let n = Math.min(this.#count, mostAtOnce); n > 0; n -= 1) setImmediate(() => this.#resumeNext());
  }

  #resumeNext(): void {
    if (this.#count === 0 || this.#isOver()) return;
    this.#count -= 1;
    this.#isReserved = false;
    this.#waiting.shift()?.item();
  }
}

/** Work that is resumed in one turn at most. */
const mostAtOnce = 1_000;

/** A request takes a few turns from its first byte to its answer, and each turn accepts one new connection. */
const longWork = new TimeSlices({ sliceMs: 10, fewestTurns: 3, mostTurns: 10 });

/** Operations begin apart from long work, which would else be done between a request and its answer. */
const operations = new TimeSlices({ sliceMs: 10, fewestTurns: 0, mostTurns: 0 });

/** Before each step of long work; see `TimeSlices.pauseIfDue`. */
export function pauseIfDue(caller?: string): Promise<void> | undefined {
  return longWork.pauseIfDue(caller);
}

/** Before an operation begins; see `TimeSlices.pauseIfDue`. */
export function operationPauseIfDue(caller: string): Promise<void> | undefined {
  return operations.pauseIfDue(caller);
}
