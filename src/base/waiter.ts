// A call while it waits for what others bring: how much it still wants, and its end by that, by time or by its client's going.

export interface Call {
  /** How much it wants at most. */
  readonly count: number;
  /** 0: the call only looks. */
  readonly waitMs: number;
  /** Aborted when nobody waits for the answer any more; null where that can not be. */
  readonly signal: AbortSignal | null;
}

export class Waiter<Asked extends Call, Got> {
  readonly call: Asked;
  readonly got: Got[] = [];
  /** Resolves with what it got; an empty list where there was nothing in time. */
  readonly answer: Promise<readonly Got[]>;
  #resolve!: () => void;
  #fail!: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #onEnd: (waiter: Waiter<Asked, Got>) => void;
  /** In a round that may yet give it something. */
  #busy = false;
  #isOver = false;

  /** `onEnd` is called once, when it wants no more. */
  constructor(call: Asked, onEnd: (waiter: Waiter<Asked, Got>) => void) {
    this.call = call;
    this.#onEnd = onEnd;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = () => resolve(this.got);
      this.#fail = reject;
    });
    if (call.waitMs > 0) this.#timer = setTimeout(this.giveUp, call.waitMs);
    call.signal?.addEventListener('abort', this.giveUp, { once: true });
  }

  get missing(): number {
    return this.#isOver ? 0 : this.call.count - this.got.length;
  }

  begin(): void {
    this.#busy = true;
  }

  /** A round is over; `nothing`: and there is nothing for it now. */
  finish(nothing: boolean): void {
    this.#busy = false;
    if (this.got.length > 0 || this.#isOver || (nothing && this.call.waitMs === 0)) this.#end();
  }

  fail(error: Error): void {
    if (this.got.length > 0) return this.#end();
    this.#close();
    this.#fail(error);
  }

  /** It wants nothing more. What is being written for it is not lost: the round ends it. */
  readonly giveUp = (): void => {
    this.#isOver = true;
    if (!this.#busy) this.#end();
  };

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
