// One request: a delivery, and the work that it causes, each step an event that depends on the one before.
import { setTimeout as pause } from 'node:timers/promises';
import type { Delivery } from './deliveries.ts';
import type { Acknowledged } from './ledger.ts';
import type { Changing, Run, Sending } from './run.ts';
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
  const validating = await plan(run, fact, 'validate', () => validate(delivery));
  const enriching = await plan(run, validating, 'enrich', () => enrich(delivery));
  const notifying = await planNotifications(run, enriching, delivery);
  const effort = JSON.stringify(delivery.payload).length;

  if (!(await work(run, effort, validating, [enriching, ...notifying]))) return;
  if (!(await work(run, effort, enriching, notifying))) return;
  await Promise.all(notifying.map((planned) => work(run, effort, planned, [])));
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
    run.send(sending),
    isSentTwice(delivery) ? run.send(sending) : undefined,
  ]);
  return fact;
}

/** Work is `finished: false`: its event is born PENDING. It belongs to the same request as what it depends on. */
function planned(step: Step, parent: Acknowledged, nodeId: string): Sending {
  return { topic: topicOf(step), sender: 'demo', dependsOn: parent.id, nodeId, finished: false };
}

async function plan(run: Run, parent: Acknowledged, step: Step, perform: () => Result): Promise<Planned> {
  return { ...(await run.send(planned(step, parent, step))), perform };
}

/** One for each person to be told: siblings, which one mutation can send. */
async function planNotifications(run: Run, parent: Acknowledged, delivery: Delivery): Promise<Planned[]> {
  const people = recipients(delivery);
  if (people.length === 0) return [];
  const events = await run.sendAll(people.map(({ login }) => planned('notify', parent, `notify ${login}`)));
  return events.map((event, index) => ({ ...event, perform: () => notify(delivery, people[index]!) }));
}

/** Whether it went well. If not, what waits for it is given up in the same mutation. */
async function work(
  run: Run,
  effort: number,
  { id, perform }: Planned,
  waiting: readonly Planned[],
): Promise<boolean> {
  await run.change({ id, status: 'IN_PROGRESS', progress: 0 });
  // The demo's work takes no time; real work does, the longer the more there is to read.
  await pause(effort / 500);
  await run.report(id, 50);
  await pause(effort / 500);
  const outcome = attempt(perform);
  if (!(outcome instanceof WorkError)) {
    await run.change({ id, status: 'FINISHED', progress: 100, result: outcome });
    return true;
  }
  const { code, message } = outcome;
  await run.changeAll([{ id, status: 'FAILED', error: { code, message } }, ...waiting.map(givenUp)]);
  return false;
}

function givenUp({ id }: Planned): Changing {
  return { id, status: 'ABORTED', description: 'What it depends on failed.' };
}

function attempt(perform: () => Result): Result | WorkError {
  try {
    return perform();
  } catch (error) {
    if (error instanceof WorkError) return error;
    throw error;
  }
}
