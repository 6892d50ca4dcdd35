// A shared execution: executes and serializes each change once for all subscribers of the same operation.
import type { ExecutionResult } from 'graphql';
import { asError } from '../../base/errors.ts';
import { resultText } from '../result-text.ts';
import type { Positioned, SharedSubscriber, SharedResult } from './shared-subscriber.ts';

/** The results of the shared execution. */
export interface LiveResults {
  readonly results: AsyncIterableIterator<Positioned>;
}

export class SharedExecution {
  readonly #subscribers = new Set<SharedSubscriber>();
  readonly #onEmpty: () => void;
  /** The execution, or the errors that prevented its start. */
  readonly opening: Promise<LiveResults | ExecutionResult>;
  /** Joining and joined subscribers; the group closes at zero. */
  #count = 0;
  #ended = false;

  constructor(opening: Promise<LiveResults | ExecutionResult>, onEmpty: () => void) {
    this.opening = opening;
    this.#onEmpty = onEmpty;
    opening.then(
      (opened) => ('results' in opened ? this.#run(opened) : undefined),
      () => {},
    );
  }

  /** Keeps the group open while a subscriber joins; undone by `leave`. */
  enter(): void {
    this.#count += 1;
  }

  add(member: SharedSubscriber): void {
    this.#subscribers.add(member);
    if (this.#ended) member.endAsTooSlow();
  }

  leave(member?: SharedSubscriber): void {
    if (member) this.#subscribers.delete(member);
    this.#count -= 1;
    if (this.#count === 0) this.#close();
  }

  async #run({ results }: LiveResults): Promise<void> {
    try {
      for await (const positioned of results) {
        const shared: SharedResult = { ...positioned, text: resultText(positioned.result) };
        for (const member of this.#subscribers) deliver(member, shared);
      }
      this.#endSubscribers((member) => member.end());
    } catch (thrown) {
      const error = asError(thrown);
      this.#endSubscribers((member) => member.fail(error));
    }
  }

  #endSubscribers(end: (member: SharedSubscriber) => void): void {
    this.#ended = true;
    for (const member of [...this.#subscribers]) end(member);
  }

  #close(): void {
    this.#onEmpty();
    this.opening.then(
      (opened) => ('results' in opened ? opened.results.return?.() : undefined),
      () => {},
    );
  }
}

/** A failing subscriber is ended alone. */
function deliver(member: SharedSubscriber, shared: SharedResult): void {
  try {
    member.deliver(shared);
  } catch (thrown) {
    member.end(() => asError(thrown));
  }
}
