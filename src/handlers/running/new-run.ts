// Handler runs as jobs: their consumer definition and claim terms.
import { newId } from '../../base/ids.ts';
import type { ClaimTerms, ConsumerDefinition } from '../../domain/jobs/enroll.ts';
import type { Handler } from '../../domain/handlers/handler.ts';
import type { NewRun } from '../../store/events/create-events.ts';
import { runLeaseMs } from './leased-runs.ts';

/** A run that its sender waits for, one for a background worker, or one that is only recorded as refused. */
export type RunKind = 'WAITED' | 'BACKGROUND' | 'REFUSED';

/** `worker` identifies the gateway, which holds the lease from the start unless the run is for the background. */
export function newRun(handler: Handler, worker: string, kind: RunKind): NewRun {
  const terms = termsOf(handler, worker);
  return {
    birth: kind === 'BACKGROUND' ? 'READY' : 'BEGUN',
    yields: false,
    id: newId(),
    target: handler.fullName,
    consumerId: definitionOf(handler).consumerId,
    terms: kind === 'BACKGROUND' ? terms : { ...terms, maxRetries: 0 },
  };
}

/** The same on every gateway, so that all of them share the runs. */
export function definitionOf({ fullName }: Pick<Handler, 'fullName'>): ConsumerDefinition {
  const id = `handler ${fullName}`;
  return {
    id,
    consumerId: id,
    name: null,
    topics: [],
    isQueue: false,
    target: fullName,
    conditions: null,
    where: null,
    ignoredSenderTypes: [],
    ignoreOlderThanMs: null,
    rows: null,
  };
}

/** A synchronous run is not retried: its sender has already been answered. */
export function termsOf(handler: Handler, worker: string): ClaimTerms {
  return {
    worker,
    sender: handler.fullName,
    senderType: 'handler',
    description: null,
    project: null,
    user: null,
    maxRetries: handler.async ? handler.maxRetries : 0,
    retryDelayMs: handler.retryDelayMs,
    leaseMs: runLeaseMs,
    sequential: false,
    sticky: false,
    key: null,
    isOwnOnly: false,
  };
}
