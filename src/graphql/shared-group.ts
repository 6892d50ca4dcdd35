// One live execution for all subscribers of the same operation: each change is executed and serialised once.
import type { ExecutionResult } from 'graphql';
import { asError } from '../base/errors.ts';
import { resultText } from './result-text.ts';
import type { Positioned, SharedMember, SharedResult } from './shared-member.ts';

/** The results of the shared execution. */
export interface LiveResults {
  readonly results: AsyncIterableIterator<Positioned>;
}

export class SharedGroup {
  readonly #members = new Set<SharedMember>();
  readonly #onEmpty: () => void;
  /** The execution, or the errors for which it could not begin. */
  readonly opening: Promise<LiveResults | ExecutionResult>;
  /** Subscribers that come or have come: at none, the group ends. */
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

  /** Keeps the group while a subscriber is on its way in; `leave` lets go. */
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
      const isSlow = 'code' in error && error.code === 'SLOW_SUBSCRIBER';
      this.#endMembers((member) => (isSlow ? member.endAsTooSlow() : member.end(() => error)));
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

/** One that cannot take it is ended alone. */
function deliver(member: SharedMember, shared: SharedResult): void {
  try {
    member.deliver(shared);
  } catch (thrown) {
    member.end(() => asError(thrown));
  }
}
