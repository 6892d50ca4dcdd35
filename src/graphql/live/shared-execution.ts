// A shared execution: executes and serializes each change once for all subscribers of the same operation.
import type { ExecutionResult } from 'graphql';
import { asError } from '../../base/errors.ts';
import { resultText } from '../result-text.ts';
import type { Positioned, SharedMember, SharedResult } from './shared-subscriber.ts';

/** The results of the shared execution. */
export interface LiveResults {
  readonly results: AsyncIterableIterator<Positioned>;
}

export class SharedGroup {
  readonly #members = new Set<SharedMember>();
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

  add(member: SharedMember): void {
    this.#members.add(member);
    if (this.#ended) member.endAsTooSlow();
  }

  leave(member?: SharedMember): void {
    if (member) this.#members.delete(member);
    this.#count -= 1;
    if (this.#count === 0) this.#close();
  }

  async #run({ results }: LiveResults): Promise<void> {
    try {
      for await (const positioned of results) {
        const shared: SharedResult = { ...positioned, text: resultText(positioned.result) };
        for (const member of this.#members) deliver(member, shared);
      }
      this.#endMembers((member) => member.end());
    } catch (thrown) {
      const error = asError(thrown);
      this.#endMembers((member) => member.fail(error));
    }
  }

  #endMembers(end: (member: SharedMember) => void): void {
    this.#ended = true;
    for (const member of [...this.#members]) end(member);
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
function deliver(member: SharedMember, shared: SharedResult): void {
  try {
    member.deliver(shared);
  } catch (thrown) {
    member.end(() => asError(thrown));
  }
}
