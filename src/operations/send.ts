// Sending events: one or thousands, once per hash, each below its parent in its request's chain.
import { v7 as uuidv7 } from 'uuid';
import { badInput, ThroughlineError } from '../base/errors.ts';
import type { EventRecord, Position } from '../domain/event.ts';
import type { JsonObject } from '../domain/json.ts';
import { draftEvent, type EventDraft, type SendInput } from '../domain/send.ts';
import { invalidTransition } from '../domain/status.ts';
import type { LogWriter } from '../log/writer.ts';
import type { CreatedRow, ExistingEvent, NewEvent } from '../store/create-events.ts';
import { unchanged } from '../store/update-events.ts';
import { type Report, runBatch } from './batch.ts';
import type { Caller, SendBatchOutcome, SendOutcome } from './operations.ts';

export interface SendParts {
  readonly report: Report;
  readonly writer: LogWriter;
  /** Hands a fire-and-forget event to whoever is connected. */
  readonly broadcast: (event: EventRecord) => void;
  /** The request of an event that exists, or null. */
  readonly requestOf: (id: string) => Promise<string | null>;
}

export async function sendEvent(parts: SendParts, caller: Caller, input: SendInput): Promise<SendOutcome> {
  const draft = draftEvent(input);
  return draft.store ? store(parts, caller, draft) : broadcast(parts, caller, draft);
}

export async function sendEvents(
  parts: SendParts,
  caller: Caller,
  inputs: readonly SendInput[],
): Promise<SendBatchOutcome> {
  const duplicates: number[] = [];
  const send = async (input: SendInput, index: number) => {
    const { event, duplicate } = await sendEvent(parts, caller, input);
    if (duplicate) duplicates.push(index);
    return event;
  };
  const outcome = await runBatch('sendEvents', inputs, send, parts.report);
  return { ...outcome, duplicates: duplicates.sort((a, b) => a - b) };
}

/** Comes back here where the event that had the hash was deleted before it could be replaced. */
async function store(parts: SendParts, caller: Caller, draft: EventDraft): Promise<SendOutcome> {
  for (;;) {
    const event = newEvent(caller, draft);
    const row = await parts.writer.create(event);
    if (row.position !== null && row.at !== null)
      return { event: recordOf(event, row.requestId, row.at, row.position), duplicate: false };
    if (row.sameHash === null) throw conflict(event, row);
    const outcome = await resolveDuplicate(parts, caller, draft, row.sameHash);
    if (outcome) return outcome;
  }
}

function newEvent(caller: Caller, draft: EventDraft): NewEvent {
  const id = uuidv7();
  const { onDuplicate: _, store: __, ...content } = draft;
  return { ...content, id, fallbackRequestId: caller.requestId ?? id, by: draft.sender ?? caller.name };
}

function conflict(event: NewEvent, row: CreatedRow): ThroughlineError {
  if (!row.parentFound) {
    return new ThroughlineError(
      'NOT_FOUND',
      `dependsOn names the event ${event.dependsOnId}, which does not exist.`,
    );
  }
  return badInput(
    `nodeId ${JSON.stringify(event.nodeId)} is taken in the request ${JSON.stringify(row.requestId)} by event ${row.sameNode}; choose another or leave it out.`,
    { eventId: row.sameNode },
  );
}

/** Null where the other event is gone by now, and the send is to be tried again. */
async function resolveDuplicate(
  parts: SendParts,
  caller: Caller,
  draft: EventDraft,
  existing: ExistingEvent,
): Promise<SendOutcome | null> {
  if (draft.onDuplicate === 'RETURN') return { event: { id: existing.id }, duplicate: true };
  if (draft.onDuplicate === 'FAIL') {
    throw new ThroughlineError(
      'DUPLICATE_HASH',
      `The hash ${JSON.stringify(draft.hash)} belongs to event ${existing.id}.`,
      { eventId: existing.id },
    );
  }
  checkSamePlace(draft, existing);
  const row = await parts.writer.update({
    ...unchanged,
    ...draft,
    id: existing.id,
    replace: true,
    by: draft.sender ?? caller.name,
  });
  if (!row.found || row.fromStatus === null) return null;
  if (!row.allowed) throw invalidTransition(existing.id, row.fromStatus, draft.status);
  return { event: { id: existing.id }, duplicate: true };
}

/** A replaced event keeps its place: moving it could close a circle, or tear its children from their request. */
function checkSamePlace(draft: EventDraft, existing: ExistingEvent): void {
  const given = { requestId: draft.requestId, nodeId: draft.nodeId, dependsOn: draft.dependsOnId };
  const kept = { requestId: existing.requestId, nodeId: existing.nodeId, dependsOn: existing.dependsOnId };
  for (const key of ['requestId', 'nodeId', 'dependsOn'] as const) {
    if (given[key] !== null && given[key] !== kept[key]) {
      throw badInput(
        `REPLACE changes an event's content, not its place in the chain: its ${key} is ${JSON.stringify(kept[key])}; leave ${key} out or give that.`,
        { eventId: existing.id },
      );
    }
  }
}

async function broadcast(parts: SendParts, caller: Caller, draft: EventDraft): Promise<SendOutcome> {
  const event = newEvent(caller, draft);
  const parentRequest = event.dependsOnId === null ? null : await parts.requestOf(event.dependsOnId);
  if (event.dependsOnId !== null && parentRequest === null) {
    throw new ThroughlineError(
      'NOT_FOUND',
      `dependsOn names the event ${event.dependsOnId}, which does not exist.`,
    );
  }
  const requestId = event.requestId ?? parentRequest ?? event.fallbackRequestId;
  const record = recordOf(event, requestId, new Date(), null);
  parts.broadcast(record);
  return { event: record, duplicate: false };
}

/** Its JSON is parsed only where somebody asks for it. */
function recordOf(event: NewEvent, requestId: string, at: Date, position: Position | null): EventRecord {
  return {
    id: event.id,
    position,
    hash: event.hash,
    topic: event.topic,
    eventType: event.eventType,
    sender: event.sender,
    senderType: event.senderType,
    project: event.project,
    user: event.user,
    requestId,
    nodeId: event.nodeId ?? event.id,
    dependsOnId: event.dependsOnId,
    status: event.status,
    retries: 0,
    description: event.description,
    get summary() {
      return parsed(event.summary);
    },
    get payload() {
      return parsed(event.payload);
    },
    result: null,
    error: null,
    createdAt: at,
    updatedAt: at,
    startedAt: null,
    finishedAt: event.status === 'FINISHED' ? at : null,
  };
}

function parsed(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}
