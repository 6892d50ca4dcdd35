// A waiting call: the number of items it still needs, and its end by completion, timeout or disconnect.

export interface Call {
  /** The most items that the call wants. */
  readonly count: number;
  /** How long the call waits for more items, in milliseconds. 0: it only checks once. */
  readonly waitMs: number;
  /** Aborted when the caller disconnects; null if that cannot happen. */
  readonly signal: AbortSignal | null;
}

/**
 * A waiting call is served at least once before its timeout ends it, however short that is, so that it never gets less
 * than a call that does not wait.
 */
export class WaitingCall<Request extends Call, Got> {
  readonly request: Request;
  readonly got: Got[] = [];
  /** Resolves with the items; an empty list if there were none in time. */
  readonly answer: Promise<readonly Got[]>;
  #resolve!: () => void;
  #fail!: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #onEnd: (call: WaitingCall<Request, Got>) => void;
  /** Whether a pass that may serve the call is running. */
  #busy = false;
  #isOver = false;
  #hasLooked = false;
  /** The timeout is over, or was zero: the first pass ends the call. */
  #isDue: boolean;
  /** The error of the last pass, if it failed. */
  #lastError: Error | undefined;

  /** `onEnd` is called once, when the call needs nothing more. */
  constructor(request: Request, onEnd: (call: WaitingCall<Request, Got>) => void) {
    this.request = request;
    this.#onEnd = onEnd;
    this.#isDue = request.waitMs === 0;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = () => resolve(this.got);
      this.#fail = reject;
    });
    if (request.waitMs > 0) this.#timer = setTimeout(() => this.#expire(), request.waitMs);
    request.signal?.addEventListener('abort', this.giveUp, { once: true });
  }

  get missing(): number {
    return this.#isOver ? 0 : this.request.count - this.got.length;
  }

  /** Records without a pass that nothing is available for the call at the moment. */
  looked(): void {
    this.#hasLooked = true;
  }

  begin(): void {
    this.#busy = true;
  }

  /** A pass is over. `nothing`: no item is available for the call now. */
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

  /** A pass failed, but the next one may succeed: only a call without time left fails. */
  postpone(error: Error): void {
    if (this.#isDue) return this.fail(error);
    this.#lastError = error;
    this.finish(false);
  }

  /** Ends the call, after the current pass, if any, so that items being written for it are not lost. */
  readonly giveUp = (): void => {
    this.#isOver = true;
    if (!this.#busy) this.#end();
  };

  #expire(): void {
    if (this.#hasLooked) return this.giveUp();
    this.#isDue = true;
    if (!this.#busy && this.#lastError) this.fail(this.#lastError);
  }

  /** Resolves with the items so far. */
  #end(): void {
    this.#close();
    this.#resolve();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.request.signal?.removeEventListener('abort', this.giveUp);
    this.#isOver = true;
    this.#onEnd(this);
  }
}
