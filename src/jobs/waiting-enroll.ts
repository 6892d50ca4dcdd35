// Types of a waiting enroll call and of the jobs it claims.
import type { Call, WaitingCall } from '../base/waiting-call.ts';
import type { ClaimTerms } from '../domain/jobs/enroll.ts';
import type { PartialEvent } from '../domain/events/event.ts';

/** A job claimed by a worker. */
export interface Claim {
  readonly event: PartialEvent;
  /** Null for a job of a plain queue. */
  readonly source: PartialEvent | null;
  readonly attempt: number;
  readonly until: Date;
  /** JSON of the event and of its source, in bytes; 0 if the call has room for any. */
  readonly bytes: number;
  /** Whether the worker already held the job under the same attempt. */
  readonly isKept: boolean;
}

export interface EnrollCall extends Call {
  readonly terms: ClaimTerms;
  /** Bytes of JSON of jobs and sources that the answer has room for; the first job is claimed whatever its size. */
  readonly room: number;
}

export type WaitingEnroll = WaitingCall<EnrollCall, Claim>;

/** Whether the call may claim any free job, regardless of the jobs that it or other workers hold. */
export function isPlain({ terms }: EnrollCall): boolean {
  return !terms.sticky && !terms.sequential;
}
