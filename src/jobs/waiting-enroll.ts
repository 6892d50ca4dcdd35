// Types of a waiting enroll call and of the jobs it claims.
import type { Call, WaitingCall } from '../base/waiting-call.ts';
import type { ClaimTerms } from '../domain/jobs/enroll.ts';
import type { PartialEvent } from '../domain/events/event.ts';

/** A job claimed by a worker. */
export interface Claim {
  readonly event: PartialEvent;
  readonly source: PartialEvent;
  readonly attempt: number;
  readonly until: Date;
  /** Whether the worker already held the job under the same attempt. */
  readonly isKept: boolean;
}

export interface EnrollCall extends Call {
  readonly terms: ClaimTerms;
}

export type WaitingEnroll = WaitingCall<EnrollCall, Claim>;

/** Whether the call may claim any free job, regardless of the jobs that it or other workers hold. */
export function isPlain({ terms }: EnrollCall): boolean {
  return !terms.sticky && !terms.sequential;
}
