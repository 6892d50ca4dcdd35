// Undoes what a mutation field has taken for its caller if the answer then fails, so that the caller never learns of it.
import type { ExecutionResult } from 'graphql';

export class Unanswered {
  /** By the name that the field has in the answer. */
  readonly #undo = new Map<string | number, () => void>();

  /** `undo` is called if the field is not answered whole. */
  add(field: string | number, undo: () => void): void {
    this.#undo.set(field, undo);
  }

  /** The operation is executed. */
  settle({ data, errors = [] }: ExecutionResult): void {
    if (this.#undo.size === 0 || errors.length === 0) return;
    const failed = new Set(errors.flatMap(({ path }) => path?.[0] ?? []));
    for (const [field, undo] of this.#undo) if (data == null || failed.has(field)) undo();
  }
}
