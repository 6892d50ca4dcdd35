// Compares what the database and the gateway say with what the model says.
import { expect } from 'vitest';
import type { Position } from '../../src/domain/events/event.ts';
import { type Composed } from '../support/gateway.ts';
import { isExhausted, isLastRun, isOpen, type Model, type ModelEvent, type ModelJobEvent } from './model.ts';

interface EventRow {
  readonly id: string;
  readonly position: Position;
  readonly topic: string;
  readonly status: string;
  readonly retries: number;
  readonly parent: string | null;
  readonly is_job: boolean;
  readonly is_over: boolean;
  readonly error_code: string | null;
}

interface JobRow {
  readonly id: string;
  readonly job_position: Position;
  readonly source_id: string;
  readonly source_position: Position;
  readonly target: string;
  readonly attempt: number;
  readonly max_retries: number;
  readonly last_run: boolean;
  readonly worker: string | null;
  readonly ready_at: Date | null;
  readonly in_future: boolean | null;
}

export type Row = EventRow & { readonly job: JobRow | null };

/** All events, each with its row of `jobs`. */
export async function readRows({ database }: Composed): Promise<Map<string, Row>> {
  const text = `SELECT e.id, e.position, e.topic, e.status, e.retries, e.depends_on AS parent, e.job AS is_job,
      e.finished_at IS NOT NULL AS is_over, e.error->>'code' AS error_code,
      j.event_id, j.position AS job_position, j.source_id, j.source_position, j.target, j.attempt, j.max_retries,
      j.last_run, j.worker, j.ready_at, j.ready_at > now() AS in_future
    FROM events e FULL JOIN jobs j ON j.event_id = e.id`;
  const rows = await database.query<EventRow & JobRow & { event_id: string | null }>({ text, values: [] });
  return new Map(rows.map((row) => [row.id, { ...row, job: row.event_id === null ? null : row }]));
}

export async function expectAgreement(
  model: Model,
  gateway: Composed,
  rows: Map<string, Row>,
): Promise<void> {
  const events = [...model.events.values()];
  expect([...rows.keys()].sort()).toEqual([...model.events.keys()].sort());
  expect(sortedById([...rows.values()].map(seen))).toEqual(sortedById(events.map(expected)));
  for (const { position, job } of rows.values()) if (job) expect(job.job_position).toBe(position);
  const ids = events.map(({ id }) => id);
  await expectLeases(model, gateway, ids);
  await expectHistories(events, gateway, ids);
  await expectExhausted(events, gateway);
  expectOneAtATime(model);
}

function seen({ id, topic, status, retries, parent, is_job, is_over, error_code, job }: Row) {
  return {
    ...{ id, topic, status, retries, parent, isJob: is_job, isOver: is_over, errorCode: error_code },
    job: job && {
      target: job.target,
      source: job.source_id,
      sourcePosition: job.source_position,
      attempt: job.attempt,
      maxRetries: job.max_retries,
      worker: job.worker,
      isOpen: job.ready_at !== null,
      isLater: job.in_future ?? false,
      // Of a job that nobody holds it says nothing: the next claim says it anew.
      isLastRun: job.worker !== null && job.last_run,
    },
  };
}

function expected(event: ModelEvent) {
  const { id, topic, status, retries, parent, errorCode, job } = event;
  const isOver = ['FINISHED', 'FAILED', 'ABORTED'].includes(status);
  return {
    ...{ id, topic, status, retries, parent, isJob: job !== null, isOver, errorCode },
    job: job && {
      target: topic,
      source: parent,
      sourcePosition: job.sourcePosition,
      attempt: job.attempt,
      maxRetries: job.maxRetries,
      worker: job.worker,
      isOpen: isOpen(job),
      isLater: job.hold === 'held' || (job.hold === 'none' && job.ready === 'later'),
      isLastRun: job.worker !== null && isLastRun(event as ModelJobEvent),
    },
  };
}

async function expectLeases(model: Model, { operations }: Composed, ids: readonly string[]): Promise<void> {
  const held = model.jobs.filter(({ job }) => job.hold === 'held');
  const wanted = held.map(
    ({ id, job: { worker, attempt, until } }) => [id, { worker, attempt, until }] as const,
  );
  expect(await operations.leasesOf(ids)).toEqual(new Map(wanted));
}

/** All that has happened to each, each step from where the one before it led to. */
async function expectHistories(
  events: readonly ModelEvent[],
  { operations }: Composed,
  ids: readonly string[],
) {
  const histories = await operations.historiesOf(ids);
  for (const { id, history } of events) {
    const steps = histories.get(id) ?? [];
    expect(steps.map(({ from, to, attempt, by }) => ({ from, to, attempt, by }))).toEqual(history);
    expect(steps.slice(1).map(({ from }) => from)).toEqual(steps.slice(0, -1).map(({ to }) => to));
  }
}

async function expectExhausted(events: readonly ModelEvent[], { operations }: Composed): Promise<void> {
  const order = { by: 'CREATED', direction: 'ASC' } as const;
  const { rows } = await operations.listEvents({ exhausted: true }, order, { first: 1_000 }, []);
  expect(rows.map(({ row }) => row.id).sort()).toEqual(
    events
      .filter(isExhausted)
      .map(({ id }) => id)
      .sort(),
  );
}

/** If all calls for a target are sequential. */
function expectOneAtATime(model: Model): void {
  const held = model.jobs.filter(({ topic, job }) => topic === sequentialTarget && job.hold === 'held');
  expect(held.length).toBeLessThanOrEqual(1);
}

/** Asked for by sequential callers only. */
export const sequentialTarget = 'one-at-a-time';

function sortedById<T extends { readonly id: string }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
