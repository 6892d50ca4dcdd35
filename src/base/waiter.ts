// A waiting call: how much it still wants, and its end by that, by its time or by its client's leaving.

export interface Call {
  /** How much it wants at most. */
  readonly count: number;
  /** How long it waits for more than there is; 0: the call only looks. */
  readonly waitMs: number;
  /** Aborted when nobody waits for the answer any more; null where that can not be. */
  readonly signal: AbortSignal | null;
}

/**
 * A call looks at least once before its time ends it, however short that time is: it never answers less than one that
 * only looks.
 */
export class Waiter<Asked extends Call, Got> {
  readonly call: Asked;
  readonly got: Got[] = [];
  /** Resolves with what it got; an empty list where there was nothing in time. */
  readonly answer: Promise<readonly Got[]>;
  #resolve!: () => void;
  #fail!: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #onEnd: (waiter: Waiter<Asked, Got>) => void;
  /** In a pass that may yet give it something. */
  #busy = false;
  #isOver = false;
  #hasLooked = false;
  /** Its time is over, or it never had any: its first look ends it. */
  #isDue: boolean;
  /** Why it could not look, the last time that it tried. */
  #hindrance: Error | undefined;

  /** `onEnd` is called once, when it wants no more. */
  constructor(call: Asked, onEnd: (waiter: Waiter<Asked, Got>) => void) {
    this.call = call;
    this.#onEnd = onEnd;
    this.#isDue = call.waitMs === 0;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = () => resolve(this.got);
      this.#fail = reject;
    });
    if (call.waitMs > 0) this.#timer = setTimeout(() => this.#expire(), call.waitMs);
    call.signal?.addEventListener('abort', this.giveUp, { once: true });
  }

  get missing(): number {
    return this.#isOver ? 0 : this.call.count - this.got.length;
  }

  /** It is known without a pass that there is nothing for it at this moment. */
  looked(): void {
    this.#hasLooked = true;
  }

  begin(): void {
    this.#busy = true;
  }

  /** A pass is over; `nothing`: and there is nothing for it now. */
  finish(nothing: boolean): void {
    this.#busy = false;
    if (nothing) this.#hasLooked = true;
    if (this.got.length > 0 || this.#isOver || (nothing && this.#isDue)) this.#end();
  }

  fail(error: Error): void {
    if (this.got.length > 0) return this.#end();
    this.#close();
    this.#fail(error);
  }

  /** A pass failed, and the next one may not: only a call without time left fails. */
  postpone(error: Error): void {
    if (this.#isDue) return this.fail(error);
    this.#hindrance = error;
    this.finish(false);
  }

  /** It wants nothing more. What is being written for it is not lost: the pass ends it. */
  readonly giveUp = (): void => {
    this.#isOver = true;
    if (!this.#busy) this.#end();
  };

  #expire(): void {
    if (this.#hasLooked) return this.giveUp();
    this.#isDue = true;
    if (!this.#busy && this.#hindrance) this.fail(this.#hindrance);
  }

  /** Answers with what it has. */
  #end(): void {
    this.#close();
    this.#resolve();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.call.signal?.removeEventListener('abort', this.giveUp);
    this.#isOver = true;
    this.#onEnd(this);
  }
}
