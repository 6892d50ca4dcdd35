// A group commit to look into, and flushes that succeed, refuse, wait, cannot reach the database, or follow a script.
import { limits } from '../../src/base/limits.ts';
import { DatabaseUnavailable } from '../../src/database/database.ts';
import { AGAIN, GroupCommit, type GroupCommitOptions } from '../../src/log/group-commit.ts';

export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface Write {
  readonly n: number;
  readonly key: string;
  readonly size: number;
  readonly bad: boolean;
}

export type Flush = GroupCommitOptions<Write, string>['flush'];

export const write = (n: number, given: Partial<Write> = {}): Write => ({
  n,
  key: `k${n}`,
  size: 1,
  bad: false,
  ...given,
});
export const writes = (count: number) => Array.from({ length: count }, (_, n) => write(n));
export const answerOf = ({ n }: Write) => `answer ${n}`;
export const succeed: Flush = async (items) => items.map(answerOf);
export const refuseBad: Flush = async (items) => {
  const bad = items.find((item) => item.bad);
  if (bad) throw new Error(`refused ${bad.n}`);
  return items.map(answerOf);
};
export const cannotReach: Flush = async () => {
  throw new DatabaseUnavailable(new Error('connection refused'));
};

/** A group commit, and the numbers of what each of its flushes was given. */
export function committing(flush: Flush, given: Partial<GroupCommitOptions<Write, string>> = {}) {
  const flushes: number[][] = [];
  const commit = new GroupCommit<Write, string>({
    sizeOf: ({ size }) => size,
    keyOf: ({ key }) => key,
    ...given,
    flush: (items, retried, tried) => {
      flushes.push(items.map(({ n }) => n));
      return flush(items, retried, tried);
    },
  });
  const submitAll = (items: readonly Write[]) => Promise.allSettled(items.map((item) => commit.submit(item)));
  return { commit, flushes, submitAll };
}

/** A flush that stays under way until it is released. */
export function gated() {
  const waiting: (() => void)[] = [];
  const flush: Flush = async (items) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return items.map(answerOf);
  };
  return { flush, open: () => waiting.shift()?.() };
}

export type Outcome = 'ok' | 'again' | 'throws' | 'unavailable';

/** A scripted database that records statements it should never have got. */
export class ScriptedDatabase {
  readonly committed: Write[] = [];
  readonly violations: string[] = [];
  readonly #fates = new Map<Write, 'answered' | 'may be tried again' | 'unknown'>();
  readonly #outcomes: Iterator<Outcome>;

  constructor(outcomes: Iterator<Outcome>) {
    this.#outcomes = outcomes;
  }

  flush: Flush = async (items, retried, tried) => {
    this.#inspect(items, retried);
    await turn();
    const outcome = items.some(({ bad }) => bad) ? 'throws' : (this.#outcomes.next().value as Outcome);
    if (outcome === 'unavailable') {
      for (const item of items) this.#fates.set(item, 'unknown');
      return cannotReach(items, retried, tried);
    }
    if (outcome === 'throws') {
      for (const item of items) {
        if (items.length === 1) this.#fates.set(item, 'answered');
        else if (this.#fates.get(item) !== 'unknown') this.#fates.set(item, 'may be tried again');
      }
      throw new Error(`refused ${items.map(({ n }) => n)}`);
    }
    return items.map((item, index) => {
      const lost = outcome === 'again' && index % 2 === 0;
      if (!lost) this.#fates.set(item, 'answered');
      else if (this.#fates.get(item) !== 'unknown') this.#fates.set(item, 'may be tried again');
      if (lost) return AGAIN;
      this.committed.push(item);
      return answerOf(item);
    });
  };

  #inspect(items: readonly Write[], retried: boolean): void {
    const blame = (rule: string) => this.violations.push(`${rule}: ${items.map(({ n }) => n)}`);
    if (new Set(items.map(({ key }) => key)).size < items.length) blame('two of one key');
    if (items.length > 1 && items.reduce((sum, { size }) => sum + size, 0) > limits.flushBytes)
      blame('too large');
    if (items.some((item) => this.#fates.get(item) === 'answered')) blame('flushed again after an answer');
    if (!retried && items.some((item) => this.#fates.get(item) === 'unknown'))
      blame('not told that it may be written');
    if (retried && !items.some((item) => this.#fates.get(item) === 'unknown'))
      blame('told that it may be written');
  }
}
