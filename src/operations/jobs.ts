// Jobs for workers: claimed under a lease, extended by heartbeats, released.
import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import DataLoader from 'dataloader';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import {
  type CheckedEnroll,
  checkAttempt,
  checkCount,
  checkEnroll,
  checkLeaseMs,
  type EnrollInput,
} from '../domain/jobs/enroll.ts';
import type { PartialEvent } from '../domain/events/event.ts';
import { checkId } from '../domain/events/send.ts';
import type { JobDispatcher } from '../jobs/job-dispatcher.ts';
import type { Claim } from '../jobs/waiting-enroll.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogWriter } from '../log/writer.ts';
import { type Heartbeat, readLeases } from '../store/jobs/leases.ts';
import { readByIds } from '../store/events/read-events.ts';
import { changeOf } from '../store/events/update-events.ts';
import type { Report } from './events/batch.ts';
import { checkProjectWithin, checkTopicWithin, refuseReserved } from './access/access.ts';
import { keyOf, onlyKeyOf } from './access/ownership.ts';
import { attemptLost, leaseLost, notFound } from './events/update.ts';
import type { Enrollment, Lease } from './operations.ts';
import type { Caller } from './callers.ts';

export interface JobsParts {
  readonly database: Database;
  readonly writer: LogWriter;
  readonly jobWriter: JobWriter;
  readonly jobs: JobDispatcher;
  /** Wakes waiting calls of a target, at every gateway, when a lease is shortened. */
  readonly broadcast: { lease(target: string, ms: number): void };
  readonly report: Report;
}

/** A job that was claimed for a caller that has disconnected is released. */
export async function enroll(
  parts: JobsParts,
  caller: Caller,
  input: EnrollInput,
  count: number,
  room?: number,
): Promise<readonly Enrollment[]> {
  const checked = checkEnrollOf(caller, input);
  const { signal = null } = caller;
  const claims = await parts.jobs.enroll(checked, checkCount(count), caller, room);
  // What it held before, it may be working on.
  const taken = claims.filter(({ isKept }) => !isKept);
  const giveBack = () => void giveBackAll(parts, caller, taken);
  // A client that has gone may not have been noticed yet.
  if (signal) await turn();
  if (signal?.aborted) giveBack();
  else if (taken.length > 0) signal?.addEventListener('abort', giveBack, { once: true });
  return claims.map(({ until: leaseUntil, event, source, attempt, isKept }) => {
    return { event, source, attempt, leaseUntil, isKept };
  });
}

/** The input, checked, with the caller's key and rows. */
export function checkEnrollOf(caller: Caller, input: EnrollInput): CheckedEnroll {
  const isOwnOnly = onlyKeyOf(caller) !== null;
  const checked = checkEnroll(input, { key: keyOf(caller), isOwnOnly, rows: caller.rows });
  checkTarget(caller, checked);
  return checked;
}

/** Jobs have the target's topic and, unless the worker gives one, the project of their source. */
function checkTarget(caller: Caller, { definition: { target }, terms: { project } }: CheckedEnroll): void {
  refuseReserved(target);
  if (project !== null) checkProjectWithin(caller, project);
  checkTopicWithin(caller, target);
}

/** What fails comes back when its lease ends. */
async function giveBackAll(parts: JobsParts, caller: Caller, claims: readonly Claim[]): Promise<void> {
  const giveBack = ({ event, attempt }: Claim) => write(parts.writer, caller, event.id, attempt);
  await settled(parts.report, claims.map(giveBack));
}

/** Releases those of the jobs that are PENDING: nobody has begun them. What fails comes back when its lease ends. */
export async function giveBackUnbegun(
  { writer, report }: Pick<JobsParts, 'writer' | 'report'>,
  caller: Caller,
  jobs: readonly { readonly id: string; readonly attempt: number }[],
): Promise<void> {
  const giveBack = ({ id, attempt }: (typeof jobs)[number]) => write(writer, caller, id, attempt, true);
  await settled(report, jobs.map(giveBack));
}

async function settled(report: Report, writes: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(writes);
  for (const outcome of outcomes) if (outcome.status === 'rejected') report(outcome.reason as Error);
}

export async function releaseJob(
  parts: JobsParts,
  caller: Caller,
  eventId: string,
  givenAttempt: number,
): Promise<PartialEvent> {
  const id = checkId(eventId, 'eventId');
  const attempt = checkAttempt(givenAttempt);
  const row = await write(parts.writer, caller, id, attempt);
  if (onlyKeyOf(caller) !== null && !(row.found && row.holds)) throw attemptLost(id, attempt);
  if (!row.found || row.status === null) throw notFound(id);
  if (!row.holds) throw leaseLost(id, attempt, row.status);
  return { id, position: row.position, status: row.status };
}

function write(writer: LogWriter, caller: Caller, id: string, attempt: number, unbegun = false) {
  const writeId = randomUUID();
  const { name: by, rows } = caller;
  const onlyOf = onlyKeyOf(caller);
  return writer.update(
    changeOf({ id, attempt, writeId, status: 'PENDING', release: true, unbegun, by, rows, onlyOf }),
  );
}

export async function extendLease(
  parts: JobsParts,
  given: Pick<Heartbeat, 'eventId' | 'attempt' | 'leaseMs'>,
  caller: Caller | undefined,
): Promise<Lease> {
  const id = checkId(given.eventId, 'eventId');
  const attempt = checkAttempt(given.attempt);
  const leaseMs = given.leaseMs === null ? null : checkLeaseMs(given.leaseMs);
  const onlyOf = caller ? onlyKeyOf(caller) : null;
  const rows = caller?.rows ?? null;
  const lease = await parts.jobWriter.extend({ eventId: id, attempt, leaseMs, onlyOf, rows });
  if (lease === null) return refuse(parts.database, id, attempt, caller);
  if (lease.soonerMs !== null) parts.broadcast.lease(lease.target, lease.soonerMs);
  return lease;
}

async function refuse(
  database: Database,
  id: string,
  attempt: number,
  caller: Caller | undefined,
): Promise<never> {
  if (caller && onlyKeyOf(caller) !== null) throw attemptLost(id, attempt);
  const [event] = await readByIds(database, [id], ['status'], caller?.rows);
  throw event?.status === undefined ? notFound(id) : leaseLost(id, attempt, event.status);
}

/** Refuses what is not of the attempt that holds the lease now; asked for together, read together. */
export function createLeaseCheck(
  database: Database,
): (eventId: string, attempt: number, caller: Caller) => Promise<void> {
  const read = async (ids: readonly string[]) => {
    const leases = await readLeases(database, [...new Set(ids)]);
    return ids.map((id) => leases.get(id) ?? null);
  };
  const leases = new DataLoader(read, { cache: false, maxBatchSize: limits.flushItems });
  return async (id, attempt, caller) => {
    const lease = await leases.load(id);
    const onlyOf = onlyKeyOf(caller);
    const isOwn = onlyOf === null || lease?.key === onlyOf;
    if (lease?.attempt !== attempt || !isOwn) await refuse(database, id, attempt, caller);
  };
}
