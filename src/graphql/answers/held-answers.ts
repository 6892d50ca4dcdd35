// Event data held by operations before their answers are sent, bounded per caller and in total.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

export interface HeldLimits {
  readonly heldAnswerBytes: number;
  readonly heldAnswerBytesPerKey: number;
  readonly heldAnswerMs: number;
}

/** A read that waits for room. */
type Start = () => void;

interface Holding {
  bytes: number;
  readonly waiting: Set<Start>;
}

export class HeldAnswers {
  readonly #limits: HeldLimits;
  #bytes = 0;
  /** By caller, those whose turn is next first. */
  readonly #holdings = new Map<string, Holding>();

  constructor(most: HeldLimits = limits) {
    this.#limits = most;
  }

  /** Reads when there is room, and `read` adds what is held of it. Throws OVERLOADED where there is none in time. */
  async read<Answer>(caller: string, read: () => Promise<Answer>): Promise<Answer> {
    const { waiting } = this.#holdingOf(caller);
    if (waiting.size > 0 || !this.#hasRoom(caller)) await this.#turn(caller);
    try {
      return await read();
    } finally {
      this.#next();
      this.#forget(caller);
    }
  }

  add(caller: string, bytes: number): void {
    this.#bytes += bytes;
    this.#holdingOf(caller).bytes += bytes;
  }

  remove(caller: string, bytes: number): void {
    this.add(caller, -bytes);
    this.#next();
    this.#forget(caller);
  }

  #turn(caller: string): Promise<void> {
    const { heldAnswerMs } = this.#limits;
    const { waiting } = this.#holdingOf(caller);
    return new Promise((resolve, reject) => {
      const start = (): void => {
        clearTimeout(timer);
        waiting.delete(start);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(start);
        this.#forget(caller);
        reject(overloaded());
      }, heldAnswerMs);
      waiting.add(start);
    });
  }

  /** One after another: how much a read finds is not known before. */
  #next(): void {
    for (const [caller, holding] of this.#holdings) {
      const [start] = holding.waiting;
      if (start === undefined || !this.#hasRoom(caller)) continue;
      this.#holdings.delete(caller);
      this.#holdings.set(caller, holding);
      return start();
    }
  }

  #hasRoom(caller: string): boolean {
    const { heldAnswerBytes, heldAnswerBytesPerKey } = this.#limits;
    return this.#bytes < heldAnswerBytes && this.#holdingOf(caller).bytes < heldAnswerBytesPerKey;
  }

  #holdingOf(caller: string): Holding {
    const known = this.#holdings.get(caller) ?? { bytes: 0, waiting: new Set() };
    this.#holdings.set(caller, known);
    return known;
  }

  #forget(caller: string): void {
    const { bytes, waiting } = this.#holdingOf(caller);
    if (bytes === 0 && waiting.size === 0) this.#holdings.delete(caller);
  }
}

function overloaded(): ThroughlineError {
  return new ThroughlineError(
    'OVERLOADED',
    'The gateway holds as much for answers as it may, for this key or in all; ask for less at once, or again later.',
  );
}

/** The process has one memory, and so all its operations share these. */
export const heldAnswers = new HeldAnswers();
