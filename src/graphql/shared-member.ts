// One subscriber of a shared execution: first its own beginning, then what all of its kind get.
import type { ExecutionResult } from 'graphql';
import { BoundedQueue } from '../base/bounded-queue.ts';
import { limits } from '../base/limits.ts';
import type { Position } from '../domain/event.ts';
import { tooSlow } from '../live/too-slow.ts';

/** A result, and where in the log the change is that it tells of. */
export interface Positioned {
  readonly result: ExecutionResult;
  /** Null for what is in no log. */
  readonly position: Position | null;
}

/** A result that is executed and serialised once for all who share it. */
export interface SharedResult extends Positioned {
  /** The result as JSON. */
  readonly text: string;
}

/** Sends a serialised result straight to the subscriber; false when it reads too slowly. */
export type Direct = (payload: string) => boolean;

/** What a subscriber's own beginning gives. */
export interface Beginning {
  readonly results: AsyncIterableIterator<Positioned>;
  /** Where the beginning has ended: shared results up to here are in it. */
  readonly handover: () => Position;
}

export class SharedMember implements AsyncIterableIterator<ExecutionResult> {
  readonly #direct: Direct | undefined;
  readonly #onEnd: () => void;
  readonly #pending: BoundedQueue<SharedResult>;
  #pendingBytes = 0;
  #beginning: Beginning | undefined;
  #handover: Position | undefined;
  #last: Position | null = null;
  #isDirect = false;
  #ended = false;
  /** What the reader is told once it comes to the end; made then, since it says how far the reader got. */
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

  /** Takes a shared result; waits with it while the subscriber is still at its beginning, or reads slowly. */
  deliver(shared: SharedResult): void {
    if (this.#ended || this.#isPast(shared)) return;
    if (!this.#isDirect) return this.#keep(shared);
    if (this.#direct?.(shared.text)) this.#last = shared.position ?? this.#last;
    else this.endAsTooSlow();
  }

  /** Ends it: with nothing, once what is pending has been read, or with a failure in the place of that. */
  end(failure?: () => Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    if (failure) this.#pending.clear();
    this.#pending.end();
    this.#onEnd();
  }

  /** Ends it because it, or the execution it shares, was too slow; it can be resumed from what it got last. */
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
