// Updates and deletions of events. Progress is broadcast to watchers, without the database.
import { randomUUID } from 'node:crypto';
import { ThroughlineError } from '../../base/errors.ts';
import { pauseIfDue } from '../../base/time-slices.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { hasScope } from '../../domain/access/scopes.ts';
import type { EventStatus, PartialEvent, Position } from '../../domain/events/event.ts';
import { checkId } from '../../domain/events/send.ts';
import { scheduled, invalidTransition } from '../../domain/events/status.ts';
import {
  type CheckedUpdate,
  checkUpdate,
  type EventPatch,
  type UpdateInput,
  type UpdateOptions,
} from '../../domain/events/update.ts';
import type { LogWriter } from '../../log/writer.ts';
import { changeOf } from '../../store/events/update-events.ts';
import { checkProjectWithin, forbidden, refuseReserved } from '../access/access.ts';
import { onlyKeyOf } from '../access/ownership.ts';
import { type Report, runBatch } from './batch.ts';
import type { BatchOutcome } from '../operations.ts';
import type { Caller } from '../callers.ts';

export interface ProgressTarget {
  readonly id: string;
  readonly requestId: string;
  readonly topic: string;
  readonly project: string | null;
}

/** The version of the event to which its progress belongs. */
export interface ProgressVersion {
  readonly position: Position | null;
  /** Whether the progress came with the change that made this version. */
  readonly isChange: boolean;
  readonly sender: string | null;
}

export interface ChangeParts {
  readonly report: Report;
  readonly writer: LogWriter;
  /** The fields by which watchers of progress select; null if the event does not exist within the rows. */
  readonly progressTarget: (id: string, rows: RowScope | null) => Promise<ProgressTarget | null>;
  /** TOPIC_SCHEMA_MISMATCH where the event's topic is declared otherwise. */
  readonly checkTopic: (patch: EventPatch, rows: RowScope | null) => Promise<void> | null;
  /** LEASE_LOST unless the attempt holds the lease, and the caller may use it. */
  readonly checkLease: (id: string, attempt: number, caller: Caller) => Promise<void>;
  readonly broadcastProgress: (
    target: ProgressTarget & ProgressVersion,
    progress: number,
    description: string | null,
  ) => void;
  /** Called as soon as a change is committed that came with progress. */
  readonly noteProgress: (position: Position | null, progress: number) => void;
}

export async function updateEvent(
  parts: ChangeParts,
  caller: Caller,
  input: UpdateInput,
  options?: UpdateOptions,
): Promise<PartialEvent> {
  const pause = pauseIfDue(caller.name);
  if (pause !== undefined) await pause;
  const prepared = prepare(parts, caller, input, options);
  return update(parts, caller, prepared instanceof Promise ? await prepared : prepared, options);
}

/** They are made in their order. */
export async function updateEvents(
  parts: ChangeParts,
  caller: Caller,
  inputs: readonly UpdateInput[],
): Promise<BatchOutcome> {
  const prepareOne = (input: UpdateInput) => prepare(parts, caller, input);
  const run = (checked: CheckedUpdate) => update(parts, caller, checked);
  const batch = {
    name: 'updateEvents',
    caller: caller.name,
    prepare: prepareOne,
    run,
    sizeOf,
    report: parts.report,
  };
  return runBatch(batch, inputs);
}

function sizeOf({ patch: { summary, payload, result } }: CheckedUpdate): number {
  return [summary, payload, result].reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/** A promise only where its event's topic has to be read. */
function prepare(
  parts: ChangeParts,
  caller: Caller,
  input: UpdateInput,
  options?: UpdateOptions,
): CheckedUpdate | Promise<CheckedUpdate> {
  const checked = checkUpdate(input, caller.name, options);
  if (checked.patch.attempt === null && !hasScope(caller.scopes, 'events:update'))
    throw forbidden(caller, 'events:update', ' (or the attempt of a job that the key was given)');
  const { project } = checked.patch;
  if (project !== null) checkProjectWithin(caller, project);
  const checking = parts.checkTopic(checked.patch, caller.rows);
  return checking === null ? checked : checking.then(() => checked);
}

async function update(
  parts: ChangeParts,
  caller: Caller,
  { patch, progress, durable }: CheckedUpdate,
  { sender = null }: UpdateOptions = {},
): Promise<PartialEvent> {
  // An empty update writes nothing, but reports whether the event exists.
  const writes = durable || progress === null || patch.lenient;
  const event: PartialEvent = writes ? await write(parts.writer, caller, patch) : { id: patch.id };
  if (progress !== null && durable) parts.noteProgress(event.position ?? null, progress);
  if (!writes && patch.attempt !== null) await parts.checkLease(patch.id, patch.attempt, caller);
  if (progress !== null) {
    const target = await parts.progressTarget(patch.id, caller.rows);
    if (target === null) throw notFound(patch.id);
    refuseReserved(target.topic);
    const change = { position: event.position ?? null, isChange: durable, sender };
    parts.broadcastProgress({ ...target, ...change }, progress, patch.description);
  }
  return event;
}

async function write(writer: LogWriter, caller: Caller, patch: EventPatch): Promise<PartialEvent> {
  const { id, attempt } = patch;
  const writeId = attempt === null ? null : randomUUID();
  const onlyOf = attempt === null ? null : onlyKeyOf(caller);
  const row = await writer.update(changeOf({ ...patch, writeId, onlyOf, rows: caller.rows }));
  if (onlyOf !== null && attempt !== null && !(row.found && row.holds)) throw attemptLost(id, attempt);
  if (!row.found || row.fromStatus === null || row.position === null || row.status === null)
    throw notFound(id);
  if (row.reserved) throw reservedEvent(id);
  if (!row.holds && attempt !== null) throw leaseLost(id, attempt, row.status);
  if (!row.allowed && patch.status !== null)
    throw row.held
      ? scheduled(patch.id, patch.status)
      : invalidTransition(patch.id, row.fromStatus, patch.status);
  return { id: patch.id, position: row.position, status: row.status };
}

export async function deleteEvent(parts: ChangeParts, caller: Caller, givenId: string): Promise<string> {
  const id = checkId(givenId);
  const row = await parts.writer.delete({ id, by: caller.name, rows: caller.rows });
  if (row.reserved) throw reservedEvent(id);
  if (row.hasDependents) {
    throw new ThroughlineError('HAS_DEPENDENTS', `Other events depend on event ${id}; delete those first.`, {
      eventId: id,
    });
  }
  if (!row.deleted && !(row.retried && row.deletedBefore)) throw notFound(id);
  return id;
}

export function leaseLost(id: string, attempt: number, status: EventStatus): ThroughlineError {
  return new ThroughlineError(
    'LEASE_LOST',
    `Attempt ${attempt} does not hold the lease of event ${id}, which is ${status}; nothing was changed.`,
    { eventId: id, attempt, status },
  );
}

/** For callers that may only use their own attempts: reveals nothing about events that they did not receive. */
export function attemptLost(id: string, attempt: number): ThroughlineError {
  return new ThroughlineError(
    'LEASE_LOST',
    `Attempt ${attempt} of event ${id} is not, or no longer, one of this key; nothing was changed.`,
    { eventId: id, attempt },
  );
}

function reservedEvent(id: string): ThroughlineError {
  return new ThroughlineError(
    'FORBIDDEN',
    `Event ${id} is one of the gateway itself (throughline.*): nobody can change or delete it.`,
    { eventId: id },
  );
}

export function notFound(id: string): ThroughlineError {
  return new ThroughlineError('NOT_FOUND', `There is no event ${id}.`, { eventId: id });
}
