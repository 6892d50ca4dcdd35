// Tests many events with one CEL filter, in time slices.
import { type Steps, fairSlices } from '../../base/fair-slices.ts';
import type { CelFilter, CelVerdict } from './filter.ts';
import { type CelSubject, subjectNames } from './subject.ts';

/** The fields of an event that have to be read for a test. */
export const celFields: readonly (keyof CelSubject)[] = Object.values(subjectNames).map(({ field }) => field);

export interface FilteredRows<Row> {
  readonly kept: readonly Row[];
  /** How many of the rows were tested: all, unless the time was up. */
  readonly tested: number;
  /** How long the tests took themselves, in milliseconds. */
  readonly spentMs: number;
  /** Those on which the filter failed, and why. */
  readonly failed: readonly { readonly row: Row; readonly error: string }[];
}

/** What events are tested with. */
export interface Test<Subject> {
  test(subject: Subject): CelVerdict;
}

export interface Filtering<Row, Subject> {
  readonly filter: Test<Subject>;
  readonly rows: readonly Row[];
  readonly subjectOf: (row: Row) => Subject;
  /** Whose share of the time it uses. */
  readonly caller: string;
  /** How long the tests may take themselves, in milliseconds; the first is always made. */
  readonly withinMs?: number;
}

/** Those that match, in order. */
export function filterRows<Row, Subject>(filtering: Filtering<Row, Subject>): Promise<FilteredRows<Row>> {
  return fairSlices.run(filtering.caller, tests(filtering));
}

/** One test, when its turn comes. */
export function testInTurn(filter: CelFilter, subject: CelSubject, caller: string): Promise<CelVerdict> {
  return fairSlices.run(caller, { next: () => ({ done: true, value: filter.test(subject) }) });
}

function* tests<Row, Subject>({
  filter,
  rows,
  subjectOf,
  withinMs = Infinity,
}: Filtering<Row, Subject>): Steps<FilteredRows<Row>> {
  const kept: Row[] = [];
  const failed: { row: Row; error: string }[] = [];
  let spent = 0;
  for (const [n, row] of rows.entries()) {
    if (n > 0 && spent > withinMs) return { kept, failed, tested: n, spentMs: spent };
    const began = performance.now();
    const { matches, error } = filter.test(subjectOf(row));
    spent += performance.now() - began;
    if (matches) kept.push(row);
    else if (error !== null) failed.push({ row, error });
    yield;
  }
  return { kept, failed, tested: rows.length, spentMs: spent };
}
