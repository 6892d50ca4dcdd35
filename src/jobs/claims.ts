// What a worker is told of the job that it got, without reading it again.
import type { Way } from '../domain/enroll.ts';
import type { CreatedJob, NewJob } from '../store/create-jobs.ts';
import type { ReadyJob, ReclaimedJob } from '../store/reclaim-jobs.ts';
import type { Claim } from './waiter.ts';

export function claimOfNew({ id, sourceId, target, terms }: NewJob, row: CreatedJob): Claim {
  return {
    event: {
      id,
      position: row.position,
      hash: null,
      topic: target,
      eventType: 'events.NormalType',
      sender: terms.sender,
      senderType: terms.senderType,
      project: row.project,
      user: row.user,
      requestId: row.requestId,
      nodeId: id,
      dependsOnId: sourceId,
      status: 'PENDING',
      retries: 0,
      description: terms.description ?? '',
      summary: {},
      payload: {},
      result: null,
      error: null,
      createdAt: row.at,
      updatedAt: row.at,
      startedAt: null,
      finishedAt: null,
    },
    sourceId,
    attempt: 1,
    until: row.until,
    isKept: false,
  };
}

/** Null where the claim was the job's end. */
export function claimOfReclaimed({ target }: Way, job: ReadyJob, row: ReclaimedJob): Claim | null {
  if (row.until === null) return null;
  const { position, status, attempt, until } = row;
  const event = { id: job.eventId, position, topic: target, dependsOnId: job.sourceId, status };
  return { event, sourceId: job.sourceId, attempt, until, isKept: false };
}
