// Tests rows against one CEL filter, in time slices.
import { type Steps, fairSlices } from '../../base/fair-slices.ts';
import type { CelFilter, CelVerdict } from './filter.ts';
import { type CelSubject, subjectNames } from './subject.ts';

/** The event fields that must be read for a test. */
export const celFields: readonly (keyof CelSubject)[] = Object.values(subjectNames).map(({ field }) => field);

export interface FilteredRows<Row> {
  readonly kept: readonly Row[];
  /** The number of tested rows: all, unless the time ran out. */
  readonly tested: number;
  /** Time spent on the tests, in milliseconds. */
  readonly spentMs: number;
  /** Rows on which the filter failed, with the reason. */
  readonly failed: readonly { readonly row: Row; readonly error: string }[];
}

/** A filter, or anything else that tests rows in the same manner. */
export interface Test<Subject> {
  test(subject: Subject): CelVerdict;
}

export interface Filtering<Row, Subject> {
  readonly filter: Test<Subject>;
  readonly rows: readonly Row[];
  readonly subjectOf: (row: Row) => Subject;
  /** The caller whose share of the time is used. */
  readonly caller: string;
  /** Time limit for the tests, in milliseconds. The first row is always tested. */
  readonly withinMs?: number;
}

/** Returns the matching rows in order. */
export function filterRows<Row, Subject>(filtering: Filtering<Row, Subject>): Promise<FilteredRows<Row>> {
  return fairSlices.run(filtering.caller, tests(filtering));
}

/** Runs one test in its caller's turn. */
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
