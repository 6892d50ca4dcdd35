// Builders of new jobs and of the claims that describe them to a worker without another read.
import { newId } from '../base/ids.ts';
import type { ClaimTerms, ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { EventRecord, PartialEvent } from '../domain/events/event.ts';
import type { NewRun } from '../store/events/create-events.ts';
import type { CreatedJob } from '../store/jobs/create-jobs.ts';
import type { ReadyJob, ReclaimedJob } from '../store/jobs/reclaim-jobs.ts';
import type { Claim } from './waiting-enroll.ts';

/** `yields`: the job is not created if another job is ready for its next run. */
export function newClaim(
  { consumerId, target }: ConsumerDefinition,
  terms: ClaimTerms,
  yields: boolean,
): NewRun {
  return { birth: 'HELD', id: newId(), target, consumerId, terms, yields };
}

export function claimOfNew(
  { id, target, terms }: NewRun,
  source: PartialEvent,
  row: CreatedJob,
  bytes: number,
): Claim {
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
      dependsOnId: source.id,
      status: 'PENDING',
      retries: 0,
      priority: row.priority,
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
    source,
    attempt: 1,
    until: row.until,
    bytes,
    isKept: false,
  };
}

/** Null if reclaiming ended the job. */
export function claimOfReclaimed(
  { target }: ConsumerDefinition,
  job: ReadyJob,
  row: ReclaimedJob,
  bytes: number,
): Claim | null {
  if (row.until === null) return null;
  const { position, status, attempt, until } = row;
  const event = { id: job.eventId, position, topic: target, status };
  return { event, source: sourceOf(job), attempt, until, bytes, isKept: false };
}

export function sourceOf({ sourceId }: Pick<ReadyJob, 'sourceId'>): PartialEvent | null {
  return sourceId === null ? null : { id: sourceId };
}

/** A source as it was sent, with the size of its JSON, which counts towards the answer. */
export function measured(source: EventRecord, jsonBytes: number): PartialEvent {
  // Its JSON is parsed by getters, which a copy would call.
  return Object.create(source, { jsonBytes: { value: jsonBytes } }) as PartialEvent;
}
