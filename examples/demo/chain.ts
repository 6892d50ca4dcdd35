// One request: a delivery, and the work that it causes, each step an event that depends on the one before.
import { setTimeout as pause } from 'node:timers/promises';
import type { Delivery } from './deliveries.ts';
import type { Acknowledged } from './ledger.ts';
import type { Run, Sending } from './run.ts';
import {
  enrich,
  notify,
  type Result,
  recipients,
  type Step,
  sentence,
  topicOf,
  validate,
  WorkError,
} from './steps.ts';

/** An event that waits to be worked on, and how. */
interface Planned extends Acknowledged {
  perform(): Result;
}

/** A few deliveries are sent twice at once, as GitHub does when it waited too long for an answer. */
export function isSentTwice({ number }: Delivery): boolean {
  return number % 10 === 0;
}

export async function runChain(run: Run, delivery: Delivery): Promise<void> {
  const fact = await deliver(run, delivery);
  const validating = await plan(run, fact, 'validate', 'validate', () => validate(delivery));
  const enriching = await plan(run, validating, 'enrich', 'enrich', () => enrich(delivery));
  const notifying = await Promise.all(
    recipients(delivery).map((person) =>
      plan(run, enriching, 'notify', `notify ${person.login}`, () => notify(delivery, person)),
    ),
  );
  // The demo's work takes no time; real work does, the longer the more there is to read.
  const effortMs = JSON.stringify(delivery.payload).length / 250;

  if (!(await work(run, validating, effortMs, [enriching, ...notifying]))) return;
  if (!(await work(run, enriching, effortMs, notifying))) return;
  await Promise.all(notifying.map((planned) => work(run, planned, effortMs, [])));
}

/** The delivery itself is a fact: its event is born FINISHED. However often it is sent, its hash lets it in once. */
async function deliver(run: Run, delivery: Delivery): Promise<Acknowledged> {
  const requestId = `${run.project}/${delivery.number}`;
  const sending: Sending = {
    topic: delivery.topic,
    sender: 'github',
    requestId,
    nodeId: 'delivery',
    hash: requestId,
    description: sentence(delivery),
    payload: delivery.payload,
  };
  const [fact] = await Promise.all([
    run.sendOnce(sending),
    isSentTwice(delivery) ? run.sendOnce(sending) : undefined,
  ]);
  return fact;
}

/** Work is `finished: false`: its event is born PENDING. It belongs to the same request as what it depends on. */
async function plan(
  run: Run,
  { id }: Acknowledged,
  step: Step,
  nodeId: string,
  perform: () => Result,
): Promise<Planned> {
  const event = await run.send({
    topic: topicOf(step),
    sender: 'demo',
    dependsOn: id,
    nodeId,
    finished: false,
  });
  return { ...event, perform };
}

/** Whether it went well. If not, what waits for it is given up. */
async function work(
  run: Run,
  { id, perform }: Planned,
  effortMs: number,
  waiting: readonly Planned[],
): Promise<boolean> {
  await run.change({ id, status: 'IN_PROGRESS', progress: 0 });
  await pause(effortMs / 2);
  await run.change({ id, progress: 50 });
  await pause(effortMs / 2);
  const outcome = attempt(perform);
  if (!(outcome instanceof WorkError)) {
    await run.change({ id, status: 'FINISHED', progress: 100, result: outcome });
    return true;
  }
  const { code, message } = outcome;
  const failing = run.change({ id, status: 'FAILED', error: { code, message } });
  await Promise.all([failing, ...waiting.map((planned) => giveUp(run, planned))]);
  return false;
}

function giveUp(run: Run, { id }: Planned): Promise<Acknowledged> {
  return run.change({ id, status: 'ABORTED', description: 'What it depends on failed.' });
}

function attempt(perform: () => Result): Result | WorkError {
  try {
    return perform();
  } catch (error) {
    if (error instanceof WorkError) return error;
    throw error;
  }
}
