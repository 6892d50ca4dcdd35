// The run of a handler as a job: whose way it is claimed by, and on what terms.
import { newId } from '../base/ids.ts';
import type { ClaimTerms, Way } from '../domain/enroll.ts';
import type { Handler } from '../domain/handler.ts';
import type { NewRun } from '../store/create-events.ts';
import { runLeaseMs } from './held-runs.ts';

/** Whether somebody waits for it, it waits for a worker, or it is only put down why it can not be. */
export type RunKind = 'WAITED' | 'BACKGROUND' | 'REFUSED';

/** `worker` names the gateway; it holds the run from birth unless that is for the background. */
export function newRun(handler: Handler, worker: string, kind: RunKind): NewRun {
  const terms = termsOf(handler, worker);
  return {
    birth: kind === 'BACKGROUND' ? 'READY' : 'BEGUN',
    yields: false,
    id: newId(),
    target: handler.fullName,
    wayId: wayOf(handler).id,
    terms: kind === 'BACKGROUND' ? terms : { ...terms, maxRetries: 0 },
  };
}

/** The same at every gateway: all of them work off the same runs. */
export function wayOf({ fullName }: Pick<Handler, 'fullName'>): Way {
  return {
    id: `handler ${fullName}`,
    topics: [],
    target: fullName,
    conditions: null,
    where: null,
    ignoredSenderTypes: [],
    ignoreOlderThanMs: null,
  };
}

/** A synchronous one is not tried again: who waited for it was told. */
export function termsOf(handler: Handler, worker: string): ClaimTerms {
  return {
    worker,
    sender: handler.fullName,
    senderType: 'handler',
    description: null,
    project: null,
    maxRetries: handler.async ? handler.maxRetries : 0,
    retryDelayMs: handler.retryDelayMs,
    leaseMs: runLeaseMs,
    sequential: false,
    sticky: false,
  };
}
