// AYON's enroll: a request for the next job of a target topic.
import { limits } from '../../base/limits.ts';
import type { PartialEvent } from '../../domain/events/event.ts';
import { readBodyAs } from '../bodies.ts';
import { conditionsOf } from '../filters.ts';
import type { AyonRequest } from '../request.ts';
import { hexOfId, statusName } from '../values.ts';
import { hashOf } from './event-body.ts';

const defaultOlderThanDays = 3;

/** Null if there is nothing to do. */
export async function enroll(request: AyonRequest, text: string): Promise<object | null> {
  const body = readBodyAs('enroll', text);
  const { sourceTopic, targetTopic, leaseSeconds } = body;
  const sourceTopics = typeof sourceTopic === 'string' ? [sourceTopic] : sourceTopic;
  const filter = conditionsOf(body.filter);
  if (sourceTopics.length === 0) return null;
  const sender = body.sender || request.sender || 'ayon_server';
  const input = {
    sourceTopics,
    targetTopic,
    worker: sender,
    sender,
    senderType: body.senderType || request.senderType,
    description: body.description ?? `Convert from ${sourceTopics.join(', ')} to ${targetTopic}`,
    user: request.user,
    sequential: body.sequential ?? false,
    sticky: body.sticky ?? true,
    filter,
    maxRetries: body.maxRetries ?? 3,
    ignoreSenderTypes: body.ignoreSenderTypes ?? [],
    ignoreOlderThanDays: body.ignoreOlderThan ?? defaultOlderThanDays,
    longLeaseMs: leaseSeconds === undefined ? limits.ayonLeaseMs : Math.round(leaseSeconds * 1_000),
  };
  const [job] = await request.operations.enroll(request.caller, input, 1);
  if (job === undefined) return null;
  const { attempt, source } = job;
  const event = await whole(request, job.event);
  return {
    id: hexOfId(event.id),
    dependsOn: hexOfId(source?.id ?? event.dependsOnId ?? event.id),
    hash: hashOf(event),
    status: statusName(event.status ?? 'PENDING'),
    ...(!request.isFromAyonClient && { attempt }),
  };
}

/** Of a job that was held already, only the id is known. */
async function whole({ operations }: AyonRequest, event: PartialEvent): Promise<PartialEvent> {
  if (event.status !== undefined && event.hash !== undefined) return event;
  const read = await operations.eventsByIds([event.id], ['status', 'hash', 'dependsOnId']);
  return read.get(event.id) ?? event;
}
