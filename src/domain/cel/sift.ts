// Tests many events with one CEL filter, and lets others have their turn meanwhile.
import { setImmediate as turn } from 'node:timers/promises';
import type { CelFilter } from './filter.ts';
import { type CelSubject, subjectNames } from './subject.ts';

/** How long tests go on before others have their turn, in milliseconds. */
const sliceMs = 10;

/** The fields of an event that have to be read for a test. */
export const celFields: readonly (keyof CelSubject)[] = Object.values(subjectNames).map(({ field }) => field);

export interface Sifted<Row> {
  readonly kept: readonly Row[];
  /** How many of the rows were tested: all, unless the time was up. */
  readonly tested: number;
  /** Those on which the filter failed, and why. */
  readonly failed: readonly { readonly row: Row; readonly error: string }[];
}

/** Those that match, in order; it stops testing after `withinMs`, but for the first. */
export async function sift<Row>(
  filter: CelFilter,
  rows: readonly Row[],
  subjectOf: (row: Row) => CelSubject,
  withinMs = Infinity,
): Promise<Sifted<Row>> {
  const kept: Row[] = [];
  const failed: { row: Row; error: string }[] = [];
  const start = performance.now();
  let sliceStart = start;
  for (const [n, row] of rows.entries()) {
    const now = performance.now();
    if (n > 0 && now - start > withinMs) return { kept, failed, tested: n };
    if (now - sliceStart > sliceMs) {
      await turn();
      sliceStart = performance.now();
    }
    const { matches, error } = filter.test(subjectOf(row));
    if (matches) kept.push(row);
    else if (error !== null) failed.push({ row, error });
  }
  return { kept, failed, tested: rows.length };
}
