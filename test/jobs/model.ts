// What must be true of jobs, in plain words and lists: a gateway that knows no database, no lock and no statement.
import type { EventStatus, Position } from '../../src/domain/events/event.ts';
import { ModelCursors, type ConsumerPlan, wants } from './model-cursors.ts';

export interface HistoryStep {
  readonly from: EventStatus | null;
  readonly to: EventStatus;
  readonly attempt: number | null;
  readonly by: string | null;
}

export interface ModelJob {
  /** Where in the log its source became FINISHED: the order of sequential jobs. */
  readonly sourcePosition: Position;
  attempt: number;
  /** Of the latest claim. */
  maxRetries: number;
  retryDelayMs: number;
  definition: ConsumerPlan;
  /** Who holds it, or held it when the lease ended. */
  worker: string | null;
  hold: 'held' | 'lost' | 'none';
  until: Date | null;
  /** Where nobody holds it: whether it can be claimed. */
  ready: 'now' | 'later' | 'never';
}

export interface ModelEvent {
  readonly id: string;
  readonly topic: string;
  readonly senderType: string | null;
  readonly n: number | null;
  readonly parent: string | null;
  status: EventStatus;
  retries: number;
  errorCode: string | null;
  /** Where in the log it became FINISHED. */
  readonly finishes: Position[];
  readonly history: HistoryStep[];
  readonly job: ModelJob | null;
}

export type ModelJobEvent = ModelEvent & { readonly job: ModelJob; readonly parent: string };

/** What somebody writes to an event. */
export interface Write {
  readonly id: string;
  readonly attempt: number | null;
  readonly status: EventStatus | null;
  readonly content: boolean;
  readonly retries: number | null;
}

const final: readonly EventStatus[] = ['FINISHED', 'FAILED', 'ABORTED'];
const unfinished: readonly EventStatus[] = ['PENDING', 'IN_PROGRESS'];

/** Whoever writes without saying who. */
export const stranger = 'tester';

export class Model {
  readonly events = new Map<string, ModelEvent>();
  readonly cursors: ModelCursors;

  constructor(gateways: number) {
    this.cursors = new ModelCursors(gateways);
  }

  get jobs(): ModelJobEvent[] {
    return [...this.events.values()].filter(isJob);
  }

  /** Of a target, those that are not over, in the order of their sources. */
  open(target: string): ModelJobEvent[] {
    return this.jobs
      .filter((event) => event.topic === target && isOpen(event.job))
      .sort((a, b) => (a.job.sourcePosition < b.job.sourcePosition ? -1 : 1));
  }

  jobFor(source: string, target: string): ModelJobEvent | undefined {
    return this.jobs.find((event) => event.parent === source && event.topic === target);
  }

  source(event: ModelJobEvent): ModelEvent {
    return this.events.get(event.parent)!;
  }

  send(
    event: Pick<ModelEvent, 'id' | 'topic' | 'senderType' | 'n' | 'parent'>,
    finishedAt: Position | null,
  ): void {
    const status = finishedAt === null ? 'PENDING' : 'FINISHED';
    this.events.set(event.id, {
      ...event,
      status,
      retries: 0,
      errorCode: null,
      finishes: finishedAt === null ? [] : [finishedAt],
      history: [{ from: null, to: status, attempt: null, by: stranger }],
      job: null,
    });
  }

  /** The code that the write is refused with, or null; it is not made yet. */
  refusal({ id, attempt, status }: Write): string | null {
    const event = this.events.get(id);
    if (!event) return 'NOT_FOUND';
    if (attempt !== null && !holds(event, attempt)) return 'LEASE_LOST';
    if (status === null || status === event.status) return null;
    return mayBecome(event, status) ? null : 'INVALID_TRANSITION';
  }

  /** One that is not refused, which came to `position` in the log. */
  write(write: Write, position: Position): void {
    const event = this.events.get(write.id)!;
    const to = write.status ?? event.status;
    const moves = to !== event.status;
    if (!moves && !write.content && write.retries === null) return;
    if (write.retries !== null) event.retries = write.retries;
    if (moves) {
      const by = write.attempt === null ? stranger : (event.job?.worker ?? null);
      this.#move(event, { to, attempt: write.attempt, by }, position);
    }
    if (event.job) this.#settle(event as ModelJobEvent, moves, write.attempt !== null);
  }

  /** A heartbeat of its holder. */
  extend(id: string, until: Date): void {
    this.events.get(id)!.job!.until = until;
  }

  /** Given back by its holder. */
  release(id: string): void {
    const event = this.events.get(id) as ModelJobEvent;
    this.#move(event, { to: 'PENDING', attempt: event.job.attempt, by: event.job.worker }, null);
    free(event.job, 'now');
  }

  /** What a job waits for is over: its lease, or its pause. */
  pass({ job }: ModelJobEvent): void {
    if (job.hold === 'held') job.hold = 'lost';
    else if (job.ready === 'later') job.ready = 'now';
  }

  deletionRefusal(id: string): string | null {
    if (!this.events.has(id)) return 'NOT_FOUND';
    return [...this.events.values()].some(({ parent }) => parent === id) ? 'HAS_DEPENDENTS' : null;
  }

  /** Its lease was lost in its last run. */
  expire(event: ModelJobEvent): void {
    this.#move(event, { to: 'FAILED', attempt: event.job.attempt, by: null }, null);
    event.errorCode = 'LEASE_EXPIRED';
    free(event.job, 'never');
  }

  /** Its lease lapsed, and a run is left. */
  #lapse(event: ModelJobEvent): void {
    event.retries += 1;
    this.#move(event, { to: 'PENDING', attempt: event.job.attempt, by: null }, null);
    free(event.job, 'now');
  }

  sweep(): void {
    for (const event of this.jobs.filter(({ job }) => job.hold === 'lost')) {
      if (isExpired(event)) this.expire(event);
      else this.#lapse(event);
    }
  }

  /** A job that is there already, for its next run. */
  claim(event: ModelJobEvent, terms: Terms, until: Date): void {
    const { job } = event;
    if (event.status === 'FAILED' || job.hold === 'lost') event.retries += 1;
    job.attempt += 1;
    this.#move(event, { to: 'PENDING', attempt: job.attempt, by: terms.worker }, null);
    Object.assign(job, heldBy(terms, until));
  }

  /** A new job. */
  create(id: string, source: ModelEvent, sourcePosition: Position, terms: Terms, until: Date): void {
    this.events.set(id, {
      id,
      topic: terms.definition.target,
      senderType: null,
      n: null,
      parent: source.id,
      status: 'PENDING',
      retries: 0,
      errorCode: null,
      finishes: [],
      history: [{ from: null, to: 'PENDING', attempt: 1, by: terms.worker }],
      job: { sourcePosition, attempt: 1, ...heldBy(terms, until) },
    });
  }

  #move(event: ModelEvent, step: Omit<HistoryStep, 'from'>, position: Position | null): void {
    event.history.push({ from: event.status, ...step });
    event.status = step.to;
    if (step.to !== 'FINISHED' || position === null) return;
    event.finishes.push(position);
    event.errorCode = null;
  }

  #settle({ status, retries, job }: ModelJobEvent, moved: boolean, byHolder: boolean): void {
    if (status === 'FINISHED' || status === 'ABORTED') free(job, 'never');
    else if (status === 'FAILED') {
      if (!moved) return;
      free(job, retries >= job.maxRetries ? 'never' : job.retryDelayMs === 0 ? 'now' : 'later');
    } else if (!byHolder && job.hold !== 'lost') free(job, 'now');
  }
}

/** On what terms a worker asks. */
export interface Terms {
  readonly definition: ConsumerPlan;
  readonly worker: string;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
}

function heldBy({ definition, worker, maxRetries, retryDelayMs }: Terms, until: Date) {
  return { definition, worker, maxRetries, retryDelayMs, until, hold: 'held', ready: 'later' } as const;
}

function free(job: ModelJob, ready: ModelJob['ready']): void {
  Object.assign(job, { hold: 'none', worker: null, until: null, ready });
}

export function isJob(event: ModelEvent): event is ModelJobEvent {
  return event.job !== null;
}

export function isOpen({ hold, ready }: ModelJob): boolean {
  return hold !== 'none' || ready !== 'never';
}

/** No run follows the present one. */
export function isLastRun({ retries, job }: ModelJobEvent): boolean {
  return retries >= job.maxRetries;
}

/** The next call for it, or the next sweep, marks it FAILED. */
export function isExpired(event: ModelJobEvent): boolean {
  return event.job.hold === 'lost' && isLastRun(event);
}

export function isClaimable(event: ModelJobEvent): boolean {
  const { hold, ready } = event.job;
  return hold === 'lost' ? !isLastRun(event) : hold === 'none' && ready === 'now';
}

export function isExhausted({ status, job }: ModelEvent): boolean {
  return job !== null && status === 'FAILED' && !isOpen(job);
}

export function holds({ job }: ModelEvent, attempt: number): boolean {
  return job?.hold === 'held' && job.attempt === attempt;
}

/** Whether the consumer gets the job back if it is ready. */
export function isWantedBy(model: Model, event: ModelJobEvent, definition: ConsumerPlan): boolean {
  return event.job.definition.key === definition.key || wants(definition, model.source(event));
}

function mayBecome({ status: from, job }: ModelEvent, to: EventStatus): boolean {
  if (to === 'RESTARTED') return final.includes(from);
  // A job that FAILED and waits for its next run is not over.
  if (from === 'FAILED' && to === 'ABORTED') return job !== null && isOpen(job);
  return !final.includes(from) && (final.includes(to) || unfinished.includes(to));
}
