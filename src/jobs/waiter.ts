// A call of enroll, and the jobs that it gets.
import type { Call, Waiter } from '../base/waiter.ts';
import type { ClaimTerms } from '../domain/enroll.ts';
import type { PartialEvent } from '../domain/event.ts';

/** A job in the hands of a worker. */
export interface Claim {
  readonly event: PartialEvent;
  readonly source: PartialEvent;
  readonly attempt: number;
  readonly until: Date;
  /** The worker held it before, under the same attempt. */
  readonly isKept: boolean;
}

export interface EnrollCall extends Call {
  readonly terms: ClaimTerms;
}

export type EnrollWaiter = Waiter<EnrollCall, Claim>;

/** Whether it takes whatever nobody holds: what it holds itself, or others do, makes no difference. */
export function isPlain({ terms }: EnrollCall): boolean {
  return !terms.sticky && !terms.sequential;
}
