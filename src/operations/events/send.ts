// Sends events: one or thousands, once per hash, each as a child of its parent in its request's chain.
import { newId } from '../../base/ids.ts';
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { pauseIfDue } from '../../base/time-slices.ts';
import type { Database } from '../../database/database.ts';
import { isWithin, type RowScope } from '../../domain/access/row-scope.ts';
import type { EventRecord, Position } from '../../domain/events/event.ts';
import type { JsonObject } from '../../domain/values/json.ts';
import { checkModelPayload, topicOfModel } from '../../domain/events/model-event.ts';
import { draftEvent, type EventDraft, type SendInput } from '../../domain/events/send.ts';
import { invalidTransition } from '../../domain/events/status.ts';
import { checkTopic } from '../../domain/events/topic.ts';
import { checkWorkflowPayload } from '../../domain/handlers/workflow.ts';
import type { LogWriter } from '../../log/writer.ts';
import { moveScheduled } from '../../store/events/scheduled-events.ts';
import type { CreatedRow, ExistingEvent, NewEvent } from '../../store/events/create-events.ts';
import { readExecutions } from '../../store/control/handlers.ts';
import { changeOf } from '../../store/events/update-events.ts';
import type { JobDispatcher } from '../../jobs/job-dispatcher.ts';
import { checkWithin, refuseReserved } from '../access/access.ts';
import { type Report, runBatch } from './batch.ts';
import type { Handling, Plan, SendOptions } from '../handler-port.ts';
import type { SendBatchOutcome, SendOutcome } from '../operations.ts';
import type { Caller } from '../callers.ts';

export interface SendParts {
  readonly database: Database;
  readonly handling: Handling;
  readonly report: Report;
  readonly writer: LogWriter;
  /** Broadcasts a fire-and-forget event to connected subscribers. */
  readonly broadcast: { event(event: EventRecord): void };
  /** The request of an event that exists within the rows, or null. */
  readonly requestOf: (id: string, rows: RowScope | null) => Promise<string | null>;
  /** TOPIC_SCHEMA_MISMATCH where its topic is declared otherwise. */
  readonly checkTopic: (draft: EventDraft) => void;
  /** Offers jobs to be committed with an event that is about to be written as FINISHED; each is to be settled. */
  readonly jobs: Pick<JobDispatcher, 'offer'>;
  /** Publishes scheduled events; woken when one is accepted or moved. */
  readonly scheduledSender: { wake(): void };
}

/** A send that is ready to be written. */
interface Prepared {
  readonly draft: EventDraft;
  readonly event: NewEvent;
  /** Null where no handler is for it. */
  readonly plan: Plan | null;
}

export async function sendEvent(
  parts: SendParts,
  caller: Caller,
  input: SendInput,
  options: SendOptions,
): Promise<SendOutcome> {
  const pause = pauseIfDue(caller.name);
  if (pause !== undefined) await pause;
  const prepared = prepare(parts, caller, checkedDraft(parts, input, options), options);
  return send(parts, caller, prepared instanceof Promise ? await prepared : prepared, options);
}

/** One of a batch. */
export interface Sending {
  readonly caller: Caller;
  readonly input: SendInput;
  readonly options: SendOptions;
}

export function sendEvents(
  parts: SendParts,
  caller: Caller,
  inputs: readonly SendInput[],
): Promise<SendBatchOutcome> {
  return sendAll(
    parts,
    caller.name,
    inputs.map((input) => ({ caller, input, options: {} })),
  );
}

/**
 * They are written in their order, however long handlers take to say whether they are for one. `name`: whose share of
 * the time slices they use.
 */
export async function sendAll(
  parts: SendParts,
  name: string,
  sendings: readonly Sending[],
): Promise<SendBatchOutcome> {
  const duplicates: number[] = [];
  const prepareOne = ({ caller, input, options }: Sending) =>
    prepare(parts, caller, checkedDraft(parts, input, options), options);
  const sendOne = async (prepared: Prepared, index: number) => {
    const { caller, options } = sendings[index]!;
    const { event, duplicate } = await send(parts, caller, prepared, options);
    if (duplicate) duplicates.push(index);
    return event;
  };
  const sizeOf = ({ event }: Prepared) => event.payload.length + event.summary.length;
  const batch = {
    name: 'sendEvents',
    caller: name,
    prepare: prepareOne,
    run: sendOne,
    sizeOf,
    report: parts.report,
  };
  const outcome = await runBatch(batch, sendings);
  return { ...outcome, duplicates: duplicates.sort((one, other) => one - other) };
}

/** A promise only where a handler has to be asked. */
function prepare(
  parts: SendParts,
  caller: Caller,
  draft: EventDraft,
  options: SendOptions,
): Prepared | Promise<Prepared> {
  const event = newEvent(caller, draft, options);
  checkRows(caller, event);
  // Handlers run for finished events. Unfinished work runs them when it finishes, a scheduled event when it is published.
  const isFact = draft.store && draft.status === 'FINISHED' && draft.sendAt === null;
  const planning = isFact ? parts.handling.plan(event, options) : null;
  if (planning === null) return { draft, event, plan: null };
  return planning.then((plan) => ({ draft, event: { ...event, runs: plan.runs }, plan }));
}

/** Of an event that names a parent, the request is the parent's, which is within the rows or not found. */
function checkRows(caller: Caller, event: NewEvent): void {
  const { rows } = caller;
  if (rows === null) return;
  const { topic, project, requestId, dependsOnId, fallbackRequestId } = event;
  const ofParent = requestId === null && dependsOnId !== null ? rows.requestIds?.[0] : undefined;
  checkWithin(caller, { topic, project, requestId: requestId ?? ofParent ?? fallbackRequestId });
}

function send(
  parts: SendParts,
  caller: Caller,
  prepared: Prepared,
  options: SendOptions,
): Promise<SendOutcome> {
  return prepared.draft.store
    ? store(parts, caller, prepared, options)
    : broadcast(parts, caller, prepared.event);
}

function checkedDraft(parts: SendParts, input: SendInput, { isOwn = false }: SendOptions): EventDraft {
  const draft = draftOfKind(parts.handling, draftEvent(input), input);
  if (!isOwn) refuseReserved(draft.topic);
  parts.checkTopic(draft);
  return draft;
}

/** Checks the payload of workflow and model events. A model event has a topic per moment. */
function draftOfKind(handling: Handling, draft: EventDraft, input: SendInput): EventDraft {
  const kind = handling.baseTypeOf(draft.eventType);
  if (kind === 'events.NormalType') return draft;
  const payload = parsed(draft.payload);
  if (kind === 'events.WorkflowType') {
    checkWorkflowPayload(payload, draft.sender);
    return draft;
  }
  checkModelPayload(payload);
  if (input.topic != null || draft.sender === null) return draft;
  return { ...draft, topic: checkTopic(topicOfModel(draft.sender, payload), 'sender (as topic)') };
}

/** Comes back here where the event that had the hash was deleted before it could be replaced. */
async function store(
  parts: SendParts,
  caller: Caller,
  prepared: Prepared,
  options: SendOptions,
): Promise<SendOutcome> {
  for (let { draft, event, plan } = prepared; ;) {
    const isFact = event.status === 'FINISHED' && event.sendAt === null;
    const asRecord = () => recordOf(event, event.fallbackRequestId, new Date(), null);
    const bytes = () => Buffer.byteLength(event.summary) + Buffer.byteLength(event.payload);
    const offers = isFact ? parts.jobs.offer(event.topic, asRecord, bytes) : [];
    const offered = offers.map(({ run }) => run);
    const whole = offers.length === 0 ? event : { ...event, runs: [...event.runs, ...offered] };
    const drop = () => {
      plan?.drop();
      for (const offer of offers) offer.drop();
    };
    const row = await parts.writer.create(whole).catch((error: unknown) => {
      drop();
      throw error;
    });
    if (event.sendAt !== null) parts.scheduledSender.wake();
    if (row.position !== null && row.at !== null) {
      const record = recordOf(event, row.requestId, row.at, row.position);
      for (const [n, offer] of offers.entries())
        offer.settle(record, row.runs[event.runs.length + n] ?? null);
      return { event: record, duplicate: false, executions: (await plan?.execute(record, row.runs)) ?? [] };
    }
    drop();
    if (row.sameHash === null) throw conflict(event, row, caller.rows);
    const outcome = await resolveDuplicate(parts, caller, draft, row.sameHash, options);
    if (outcome) return outcome;
    ({ event, plan } = await prepare(parts, caller, draft, options));
  }
}

function newEvent(caller: Caller, draft: EventDraft, options: SendOptions): NewEvent {
  const { hashIsId = false, outboxId = null } = options;
  const id = outboxId ?? newId();
  return {
    id,
    isFromOutbox: outboxId !== null,
    hash: draft.hash ?? (hashIsId && draft.store ? id.replaceAll('-', '') : null),
    topic: draft.topic,
    eventType: draft.eventType,
    sender: draft.sender,
    senderType: draft.senderType,
    project: draft.project,
    user: draft.user,
    requestId: draft.requestId,
    fallbackRequestId: caller.requestId ?? id,
    nodeId: draft.nodeId,
    dependsOnId: draft.dependsOnId,
    status: draft.status,
    description: draft.description,
    priority: draft.priority,
    summary: draft.summary,
    payload: draft.payload,
    by: caller.name,
    sendAt: draft.sendAt,
    runs: [],
    rows: caller.rows,
  };
}

function conflict(event: NewEvent, row: CreatedRow, rows: RowScope | null): ThroughlineError {
  if (!row.parentFound) {
    return new ThroughlineError(
      'NOT_FOUND',
      `dependsOn names the event ${event.dependsOnId}, which does not exist.`,
    );
  }
  const { sameNode } = row;
  const isSeen = sameNode !== null && isWithin(rows, { ...sameNode, requestId: row.requestId });
  return badInput(
    `nodeId ${JSON.stringify(event.nodeId)} is taken in the request ${JSON.stringify(row.requestId)}${isSeen ? ` by event ${sameNode.id}` : ''}; choose another or leave it out.`,
    isSeen ? { eventId: sameNode.id } : {},
  );
}

/** Null where the other event is gone by now, and the send is to be tried again. */
async function resolveDuplicate(
  parts: SendParts,
  caller: Caller,
  draft: EventDraft,
  existing: ExistingEvent,
  options: SendOptions,
): Promise<SendOutcome | null> {
  if (!isWithin(caller.rows, existing))
    throw new ThroughlineError(
      'DUPLICATE_HASH',
      `The hash ${JSON.stringify(draft.hash)} belongs to an event that this key cannot see.`,
    );
  const known = async (): Promise<SendOutcome> => ({
    event: { id: existing.id },
    duplicate: true,
    executions: await readExecutions(parts.database, existing.id, caller.rows),
  });
  if (draft.onDuplicate === 'RETURN') return known();
  if (draft.onDuplicate === 'FAIL') {
    throw new ThroughlineError(
      'DUPLICATE_HASH',
      `The hash ${JSON.stringify(draft.hash)} belongs to event ${existing.id}.`,
      { eventId: existing.id },
    );
  }
  const isThere = await replace(parts, caller, draft, existing, options);
  return isThere ? known() : null;
}

/** Also sets the time of a scheduled event: now, if none is given. Returns false if the event no longer exists. */
async function replace(
  parts: SendParts,
  caller: Caller,
  draft: EventDraft,
  { held, ...existing }: ExistingEvent,
  { lenient = false }: SendOptions,
): Promise<boolean> {
  checkSameParent(draft, existing);
  if (!held && draft.sendAt !== null) throw notHeld(existing.id);
  const row = await parts.writer.update(
    changeOf({
      ...draft,
      status: held ? null : draft.status,
      id: existing.id,
      replace: true,
      lenient,
      by: caller.name,
      rows: caller.rows,
    }),
  );
  refuseReserved(existing.topic);
  if (!row.found || row.fromStatus === null) return false;
  if (!row.allowed) throw invalidTransition(existing.id, row.fromStatus, draft.status);
  if (!held) return true;
  const isMoved = await moveScheduled(parts.database, existing.id, draft.sendAt, draft.status);
  // Its time came between the two writes.
  if (!isMoved && draft.sendAt !== null) throw notHeld(existing.id);
  parts.scheduledSender.wake();
  return true;
}

function notHeld(id: string): ThroughlineError {
  return badInput(
    `Event ${id}, which has the hash, is not scheduled: it has been published or aborted. sendAt can only move a scheduled event.`,
    { eventId: id },
  );
}

/** A replaced event keeps its place: moving it could close a circle, or tear its children from their request. */
function checkSameParent(draft: EventDraft, existing: Omit<ExistingEvent, 'held'>): void {
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

async function broadcast(parts: SendParts, caller: Caller, event: NewEvent): Promise<SendOutcome> {
  const parentRequest =
    event.dependsOnId === null ? null : await parts.requestOf(event.dependsOnId, caller.rows);
  if (event.dependsOnId !== null && parentRequest === null) {
    throw new ThroughlineError(
      'NOT_FOUND',
      `dependsOn names the event ${event.dependsOnId}, which does not exist.`,
    );
  }
  const requestId = event.requestId ?? parentRequest ?? event.fallbackRequestId;
  const record = recordOf(event, requestId, new Date(), null);
  parts.broadcast.event(record);
  return { event: record, duplicate: false, executions: [] };
}

/** Its JSON is parsed on first use, once. */
function recordOf(event: NewEvent, requestId: string, at: Date, position: Position | null): EventRecord {
  const isHeld = event.sendAt !== null;
  let summary: JsonObject | undefined;
  let payload: JsonObject | undefined;
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
    status: isHeld ? 'PENDING' : event.status,
    retries: 0,
    priority: event.priority,
    description: event.description,
    get summary() {
      return (summary ??= parsed(event.summary));
    },
    get payload() {
      return (payload ??= parsed(event.payload));
    },
    result: null,
    error: null,
    createdAt: at,
    updatedAt: at,
    startedAt: null,
    finishedAt: event.status === 'FINISHED' && !isHeld ? at : null,
  };
}

function parsed(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}
