// One subscriber of a shared execution: its own catch-up first, then the shared live results.
import type { ExecutionResult } from 'graphql';
import { BoundedQueue } from '../../base/bounded-queue.ts';
import { limits } from '../../base/limits.ts';
import type { Position } from '../../domain/events/event.ts';
import { SubscriptionEnd, tooSlow } from '../../live/subscription-end.ts';

/** A result with the position of its change. */
export interface Positioned {
  readonly result: ExecutionResult;
  /** Null for changes that are not in the log. */
  readonly position: Position | null;
}

/** A result that is executed and serialized once for all subscribers. */
export interface SharedResult extends Positioned {
  /** The result as JSON. */
  readonly text: string;
}

/** Sends a serialized result directly to the subscriber; false if it reads too slowly. */
export type Direct = (payload: string) => boolean;

/** The catch-up of a subscriber. */
export interface Beginning {
  readonly results: AsyncIterableIterator<Positioned>;
  /** The position at which the catch-up ended: it includes shared results up to here. */
  readonly handover: () => Position;
}

export class SharedSubscriber implements AsyncIterableIterator<ExecutionResult> {
  readonly #direct: Direct | undefined;
  readonly #onEnd: () => void;
  readonly #pending: BoundedQueue<SharedResult>;
  #pendingBytes = 0;
  #beginning: Beginning | undefined;
  #handover: Position | undefined;
  #last: Position | null = null;
  #isDirect = false;
  #ended = false;
  /** Creates the error for the reader at the end, since it contains the reader's position. */
  #failure: (() => Error) | undefined;

  constructor(direct: Direct | undefined, onEnd: () => void) {
    this.#direct = direct;
    this.#onEnd = onEnd;
    this.#pending = new BoundedQueue(limits.subscriberBufferItems);
  }

  begin(beginning: Beginning): void {
    this.#beginning = beginning;
    this.#last = beginning.handover();
  }

  /** Delivers a shared result; buffers it during catch-up or while the subscriber reads slowly. */
  deliver(shared: SharedResult): void {
    if (this.#ended || this.#isPast(shared)) return;
    if (!this.#isDirect) return this.#keep(shared);
    if (this.#direct?.(shared.text)) this.#last = shared.position ?? this.#last;
    else this.endAsTooSlow();
  }

  /** Ends after the pending results, or with a failure instead of them. */
  end(failure?: () => Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    if (failure) this.#pending.clear();
    this.#pending.end();
    this.#onEnd();
  }

  /** Ends with the error of the execution that it shares. */
  fail(error: Error): void {
    this.end(() => (error instanceof SubscriptionEnd ? error.at(this.#last) : error));
  }

  /** Ends with SLOW_SUBSCRIBER on buffer overflow; the error contains the last delivered position. */
  endAsTooSlow(): void {
    this.end(() => tooSlow(this.#last));
  }

  async next(): Promise<IteratorResult<ExecutionResult>> {
    if (this.#beginning) {
      const step = await this.#nextOfBeginning(this.#beginning);
      if (step) return step;
    }
    for (;;) {
      if (this.#direct && this.#pending.size === 0) this.#isDirect = true;
      const step = await this.#pending.next();
      if (step.done) return this.#finish();
      this.#pendingBytes -= step.value.text.length;
      if (this.#isPast(step.value)) continue;
      this.#last = step.value.position ?? this.#last;
      return { value: step.value.result, done: false };
    }
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    this.#pending.clear();
    this.end();
    await this.#beginning?.results.return?.();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #nextOfBeginning(beginning: Beginning): Promise<IteratorResult<ExecutionResult> | null> {
    const step = await beginning.results.next().catch((error: unknown) => {
      this.end();
      throw error;
    });
    if (!step.done) {
      this.#last = step.value.position ?? this.#last;
      return { value: step.value.result, done: false };
    }
    this.#beginning = undefined;
    this.#handover = beginning.handover();
    this.#last = this.#handover;
    return null;
  }

  #finish(): IteratorResult<ExecutionResult> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure();
    return { value: undefined, done: true };
  }

  #isPast({ position }: SharedResult): boolean {
    return position !== null && this.#handover !== undefined && position <= this.#handover;
  }

  #keep(shared: SharedResult): void {
    this.#pendingBytes += shared.text.length;
    const fits = this.#pendingBytes <= limits.subscriberBufferBytes && this.#pending.push(shared);
    if (!fits) this.endAsTooSlow();
  }
}
