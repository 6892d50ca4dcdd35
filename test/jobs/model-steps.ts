// Random steps through the life of jobs: what each does to a gateway, and what the model says of the answer.
import type { AsyncCommand } from 'fast-check';
import { expect } from 'vitest';
import type { EventStatus } from '../../src/domain/events/event.ts';
import { codeOf, type Composed } from '../support/gateway.ts';
import type { Model, ModelEvent, ModelJobEvent, Write } from './model.ts';
import { answered, type Ask } from './model-asking.ts';
import { expectAgreement, readRows } from './model-check.ts';
import { pass } from './support.ts';

/** What is drawn at random. `pick` counts through the events that the step can be about, as they were made. */
export type Plan =
  | {
      readonly kind: 'send';
      readonly topic: string;
      readonly senderType: string | null;
      readonly n: number | null;
      readonly finished: boolean;
      /** Below which event, if any. */
      readonly below: number | null;
    }
  | { readonly kind: 'source'; readonly pick: number; readonly status: EventStatus }
  | ({ readonly kind: 'ask' } & Ask)
  | {
      /** By the worker that holds the job. */
      readonly kind: 'report';
      readonly pick: number;
      readonly status: EventStatus | null;
      readonly content: boolean;
      readonly retries: number | null;
    }
  | {
      /** By somebody else, with an attempt that is mostly not the one that holds it, or with none. */
      readonly kind: 'write';
      readonly pick: number;
      readonly status: EventStatus | null;
      readonly content: boolean;
      /** Added to the latest. */
      readonly attempt: number | null;
    }
  | { readonly kind: 'heartbeat' | 'release'; readonly pick: number; readonly attempt: number }
  | { readonly kind: 'pass' | 'again' | 'delete job' | 'delete'; readonly pick: number }
  | { readonly kind: 'sweep' | 'restart'; readonly gateway: number };

export interface Real {
  /** At least one, all on one database. */
  readonly gateways: Composed[];
  readonly restart: (gateway: number) => Promise<void>;
  /** Counts the steps: each is done by the next gateway. */
  turn: number;
}

/** How long a step may take that waits for nothing. */
const patienceMs = 10_000;

export class Step implements AsyncCommand<Model, Real> {
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  check(model: Readonly<Model>): boolean {
    return 'pick' in this.#plan ? this.#picked(model) !== null : true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const gateway = real.gateways[(real.turn += 1) % real.gateways.length]!;
    await inTime(this.#take(model, real, gateway));
    await expectAgreement(model, gateway, await readRows(gateway));
  }

  toString(): string {
    const named =
      'definition' in this.#plan ? { ...this.#plan, definition: this.#plan.definition.key } : this.#plan;
    return JSON.stringify(named).replaceAll('"', '');
  }

  #take(model: Model, real: Real, gateway: Composed): Promise<void> {
    const plan = this.#plan;
    switch (plan.kind) {
      case 'send':
        return send(model, gateway, plan);
      case 'ask':
        return ask(model, real, plan);
      case 'sweep':
        return sweep(model, real.gateways[plan.gateway]!);
      case 'restart':
        model.cursors.restart(plan.gateway);
        return real.restart(plan.gateway);
      default:
        return this.#onPicked(this.#picked(model)!, model, gateway);
    }
  }

  async #onPicked(event: ModelEvent, model: Model, gateway: Composed): Promise<void> {
    const plan = this.#plan;
    const { id, job } = event;
    switch (plan.kind) {
      case 'source':
        return write(model, gateway, {
          id,
          attempt: null,
          status: plan.status,
          content: false,
          retries: null,
        });
      case 'again':
        return write(model, gateway, {
          id,
          attempt: null,
          status: 'RESTARTED',
          content: false,
          retries: null,
        });
      case 'report':
        return write(model, gateway, { ...plan, id, attempt: job!.attempt });
      case 'write': {
        const attempt = plan.attempt === null ? null : attemptOf(event, plan.attempt);
        return write(model, gateway, { ...plan, id, attempt, retries: null });
      }
      case 'heartbeat':
        return heartbeat(model, gateway, event, attemptOf(event, plan.attempt));
      case 'release':
        return release(model, gateway, event, attemptOf(event, plan.attempt));
      case 'pass':
        await pass(gateway, id);
        return model.pass(event as ModelJobEvent);
      case 'delete':
      case 'delete job':
        return remove(model, gateway, id);
    }
  }

  #picked(model: Readonly<Model>): ModelEvent | null {
    const plan = this.#plan;
    if (!('pick' in plan)) return null;
    const events = [...model.events.values()].filter((event) => suits(plan.kind, event));
    return events[plan.pick % events.length] ?? null;
  }
}

function suits(kind: Plan['kind'], { job, status }: ModelEvent): boolean {
  if (kind === 'source') return job === null;
  if (kind === 'delete') return true;
  if (kind === 'again') return job !== null && ['FINISHED', 'FAILED', 'ABORTED'].includes(status);
  if (kind === 'report') return job?.hold === 'held';
  if (kind === 'pass') return job?.hold === 'held' || (job?.hold === 'none' && job.ready === 'later');
  return job !== null;
}

/** One lower than the first would not be an attempt. */
function attemptOf({ job }: ModelEvent, added: number): number {
  return Math.max(1, (job?.attempt ?? 1) + added);
}

async function send(model: Model, gateway: Composed, plan: Plan & { kind: 'send' }): Promise<void> {
  const { topic, senderType, n, finished, below } = plan;
  const ids = [...model.events.keys()];
  const parent = below === null ? null : (ids[below % ids.length] ?? null);
  const payload = n === null ? {} : { n };
  const input = { topic, senderType, payload, finished, dependsOn: parent };
  const { event } = await gateway.operations.sendEvent(gateway.caller, input);
  model.send({ id: event.id, topic, senderType, n, parent }, finished ? event.position! : null);
}

async function ask(model: Model, { gateways }: Real, plan: Plan & Ask): Promise<void> {
  const { definition, worker, count, sequential, sticky, maxRetries, retryDelayMs, leaseMs } = plan;
  const gateway = gateways[plan.gateway]!;
  const input = {
    sourceTopics: definition.topics,
    targetTopic: definition.target,
    ignoreSenderTypes: definition.ignoredSenderType === null ? null : [definition.ignoredSenderType],
    filter: definition.n === null ? null : { conditions: [{ key: 'payload/n', value: definition.n }] },
    ignoreOlderThanDays: definition.ignoreOlderThanDays,
    ...{ worker, sequential, sticky, maxRetries, retryDelayMs, leaseMs },
  };
  const jobs = await gateway.operations.enroll(gateway.caller, input, count);
  const rows = await readRows(gateway);
  answered(model, plan, jobs, {
    sourcePositionOf: (id) => rows.get(id)?.job?.source_position ?? null,
    isFailed: (id) => rows.get(id)?.status === 'FAILED',
  });
  for (const { leaseUntil } of jobs) expectUntil(leaseUntil, leaseMs);
}

async function sweep(model: Model, gateway: Composed): Promise<void> {
  await gateway.jobs.sweep();
  model.sweep();
}

async function write(model: Model, { operations, caller }: Composed, given: Write): Promise<void> {
  const { id, attempt, status, content, retries } = given;
  const summary = content ? { content: true } : null;
  const written = operations.updateEvent(caller, { id, attempt, status, summary, retries });
  const { code, value } = await outcomeOf(written);
  expect(code).toBe(model.refusal(given));
  if (value) model.write(given, value.position!);
}

async function heartbeat(model: Model, { operations }: Composed, { id }: ModelEvent, attempt: number) {
  const { code, value } = await outcomeOf(operations.extendLease(id, attempt, null));
  expect(code).toBe(model.refusal({ id, attempt, status: null, content: true, retries: null }));
  if (value) model.extend(id, value.until);
}

async function release(model: Model, { operations, caller }: Composed, { id }: ModelEvent, attempt: number) {
  const { code } = await outcomeOf(operations.releaseJob(caller, id, attempt));
  expect(code).toBe(model.refusal({ id, attempt, status: null, content: true, retries: null }));
  if (code === null) model.release(id);
}

async function remove(model: Model, { operations, caller }: Composed, id: string): Promise<void> {
  const { code } = await outcomeOf(operations.deleteEvent(caller, id));
  expect(code).toBe(model.deletionRefusal(id));
  if (code === null) model.events.delete(id);
}

/** What was answered, or the code of the refusal. */
async function outcomeOf<T>(answer: Promise<T>): Promise<{ code: unknown; value: T | null }> {
  return answer.then(
    (value) => ({ code: null, value }),
    (error: unknown) => {
      if (codeOf(error) === undefined) throw error;
      return { code: codeOf(error), value: null };
    },
  );
}

/** A lease from now, give or take what the machine is busy with. */
function expectUntil(until: Date, leaseMs: number): void {
  expect(Math.abs(until.getTime() - Date.now() - leaseMs)).toBeLessThan(30_000);
}

async function inTime(step: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the step did not come back')), patienceMs);
  });
  await Promise.race([step, late]).finally(() => clearTimeout(timer));
}
