// Handlers within a send: decides the runs before the event is written, and executes the synchronous ones afterwards.
import { ThroughlineError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Execution, HandledEvent, Handler } from '../../domain/handlers/handler.ts';
import type { EventRecord } from '../../domain/events/event.ts';
import type { JsonObject } from '../../domain/values/json.ts';
import type { Plan, SendOptions } from '../../operations/handler-port.ts';
import type { CreatedJob } from '../../store/jobs/create-jobs.ts';
import type { NewEvent, NewRun } from '../../store/events/create-events.ts';
import type { ChainLimits } from './chain-limits.ts';
import { defineHandler } from '../app/define-handler.ts';
import { newRun } from './new-run.ts';
import { failed } from './outcome.ts';
import { Registered, type Registry } from '../app/registry.ts';
import { type Runner, takenAway } from './runner.ts';

export interface SendingParts {
  readonly registry: Registry;
  readonly runner: Runner;
  readonly chainLimits: ChainLimits;
  readonly logger: Logger;
  /** Identifies this gateway as the holder of leases. */
  readonly name: string;
  /** The request of an existing event, or null. */
  readonly requestOf: (id: string) => Promise<string | null>;
  /** Marks an event whose runs are created here, so that the dispatcher skips it. */
  readonly own: { add(eventId: string, generation: number): void; delete(eventId: string): void };
}

interface PlannedRun {
  readonly handler: Handler;
  readonly run: NewRun;
}

/** Null if no handler has the topic and none is called explicitly. */
export function planSend(parts: SendingParts, event: NewEvent, options: SendOptions): Promise<Plan> | null {
  const { registry } = parts;
  const byTopic = registry.forTopic(event.topic);
  const called = options.call == null ? undefined : (registry.get(options.call) ?? elsewhere(options.call));
  const candidates = called && !byTopic.includes(called) ? [called, ...byTopic] : byTopic;
  return candidates.length === 0 ? null : plan(parts, event, candidates, options.background ?? false);
}

/** A placeholder for a handler that this gateway lacks. Its run waits for a gateway that has it. */
function elsewhere(fullName: string): Registered {
  return new Registered(defineHandler({ fullName, source: fullName, async: true, run: () => undefined }));
}

async function plan(
  parts: SendingParts,
  event: NewEvent,
  candidates: readonly Registered[],
  background: boolean,
): Promise<Plan> {
  const { registry, chainLimits, logger, name, own } = parts;
  // If handlers change before the event is in the log, the dispatcher handles those that this plan misses.
  const { generation } = registry;
  const requestId = await requestOf(parts, event);
  const handled = handledEvent(event, requestId);
  const kind = registry.baseTypeOf(event.eventType);
  const wanting: Registered[] = [];
  for (const candidate of candidates)
    if (await candidate.wants(handled, kind, logger)) wanting.push(candidate);
  const isNewRequest =
    event.requestId === null && event.dependsOnId === null && event.fallbackRequestId === event.id;
  const { refusal, release } =
    wanting.length === 0
      ? { refusal: null, release: () => {} }
      : await chainLimits.reserve(event.dependsOnId, requestId, wanting.length, isNewRequest);
  const runs = wanting.map((registered): PlannedRun => {
    const { handler } = registered;
    const isWaited = !handler.async && !background;
    return { handler, run: newRun(handler, name, refusal ? 'REFUSED' : isWaited ? 'WAITED' : 'BACKGROUND') };
  });
  if (registry.forTopic(event.topic).length > 0) own.add(event.id, generation);
  return {
    runs: runs.map(({ run }) => run),
    drop: () => {
      release();
      own.delete(event.id);
    },
    execute: (record, made) => {
      release();
      return execute(parts, record, runs, made, refusal);
    },
  };
}

async function requestOf({ requestOf: find }: SendingParts, event: NewEvent): Promise<string> {
  if (event.requestId !== null) return event.requestId;
  const parents = event.dependsOnId === null ? null : await find(event.dependsOnId);
  return parents ?? event.fallbackRequestId;
}

async function execute(
  { runner }: SendingParts,
  event: EventRecord,
  runs: readonly PlannedRun[],
  made: readonly (CreatedJob | null)[],
  refusal: ThroughlineError | null,
): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  const failures: string[] = [];
  // Not created: the event was deleted or changed concurrently.
  const claimed = runs
    .filter((_, n) => made[n])
    .map(({ handler, run }) => {
      const claim = { eventId: run.id, requestId: event.requestId, attempt: 1 };
      const isBegun = run.birth === 'BEGUN' && !refusal;
      // All of them now, because earlier runs may take longer than a lease.
      if (isBegun) runner.hold(claim);
      return { handler, run, claim, isBegun };
    });
  for (const [n, { handler, run, claim, isBegun }] of claimed.entries()) {
    let outcome = null;
    if (refusal) outcome = await runner.refuse(claim, handler.fullName, refusal).catch(failed);
    // Another caller may have ended the run while earlier ones executed.
    else if (isBegun && n > 0 && !(await runner.isOurs(claim))) outcome = takenAway();
    else if (isBegun) outcome = await runner.run(handler, event, claim);
    const { result = null, error = null } = outcome ?? {};
    const status = outcome === null ? 'PENDING' : error === null ? 'FINISHED' : 'FAILED';
    const own = { id: run.id, nodeId: run.id, status } as const;
    executions.push({ handler: handler.fullName, event: own, result, error });
    if (error && !handler.async && handler.failSender) failures.push(`${handler.fullName}: ${error.message}`);
  }
  if (failures.length === 0) return executions;
  throw new ThroughlineError(
    'HANDLER_FAILED',
    `Event ${event.id} was stored, but a handler of it failed: ${failures.join('; ')}`,
    { eventId: event.id, executions: executions.map(asDetails) },
  );
}

function asDetails({ handler, event, result, error }: Execution): JsonObject {
  return {
    handler,
    event: { id: event.id },
    result,
    error: error && { message: error.message, code: error.code, stack: null },
  };
}

function handledEvent(event: NewEvent, requestId: string): HandledEvent {
  const { id, topic, eventType, sender, senderType, project, user, status } = event;
  return {
    ...{ id, topic, eventType, sender, senderType, project, user, status, requestId },
    nodeId: event.nodeId ?? id,
    summary: JSON.parse(event.summary) as JsonObject,
    payload: JSON.parse(event.payload) as JsonObject,
    createdAt: new Date(),
  };
}
