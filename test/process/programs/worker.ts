// A worker that is to be killed: it writes down every claim before it works, fails at times, and names itself in results.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Gateway, Refused } from '../../../examples/webhook/gateway.ts';
import { runWorker } from '../../support/pull-worker/run-worker.ts';
import type { Claim } from '../claims.ts';
import { seeded } from '../random.ts';

const { GATEWAY = '', KEY = '', WORKER = '', CLAIMS = '', KIND = '', SEED = '' } = process.env;
const random = seeded(Number(SEED));
const asked = { sourceTopics: ['crowd.source'], targetTopic: 'crowd.job', worker: WORKER };
const retries = { maxRetries: 1_000, retryDelayMs: 20 };

function writeDown(job: string, attempt: number, until: string): void {
  const claim: Claim = { job, attempt, worker: WORKER, until };
  appendFileSync(CLAIMS, `${JSON.stringify(claim)}\n`);
}

/** Only early attempts fail on purpose, so that none of the jobs waits long. */
function fails(attempt: number): boolean {
  return attempt <= 3 && random() < 0.15;
}

function resultOf(attempt: number): object {
  return { attempt, worker: WORKER };
}

/** Works as the example does. */
function workSingly(): Promise<void> {
  return runWorker({
    ...asked,
    url: GATEWAY,
    key: KEY,
    enroll: retries,
    concurrency: 2,
    leaseMs: 1_000,
    report: (what, job) => {
      if (what === 'taken') writeDown(job!.id, job!.attempt, job!.leaseUntil);
    },
    handle: async ({ attempt }, { signal }) => {
      await delay(random() * 200, undefined, { signal });
      if (fails(attempt)) throw new Error('on purpose');
      return resultOf(attempt);
    },
  });
}

interface Taken {
  readonly attempt: number;
  readonly leaseUntil: string;
  readonly event: { readonly id: string };
}

const enrollMany = `mutation($input: EnrollInput!) {
  enrollMany(input: $input, count: 4) { attempt leaseUntil event { id } }
}`;
const extendLease = `mutation($id: ID!, $attempt: Int!) {
  extendLease(eventId: $id, attempt: $attempt) { until }
}`;
const updateEvents = `mutation($input: [UpdateEventInput!]!) {
  updateEvents(input: $input) { errors { code message } }
}`;

interface Updated {
  readonly updateEvents: { readonly errors: readonly { readonly code: string; readonly message: string }[] };
}

/** Takes several jobs and reports on all of them together. */
async function workInBatches(): Promise<void> {
  const gateway = new Gateway(GATEWAY, KEY, () => {});
  const input = { ...asked, ...retries, leaseMs: 1_500, waitMs: 5_000 };
  for (;;) {
    const { enrollMany: jobs } = await gateway.insist<{ enrollMany: Taken[] }>(enrollMany, { input });
    for (const { event, attempt, leaseUntil } of jobs) writeDown(event.id, attempt, leaseUntil);
    if (jobs.length > 0) await workOn(gateway, jobs);
  }
}

/** It goes on when its lease is lost: the gateway has to refuse what it writes then. */
async function workOn(gateway: Gateway, jobs: readonly Taken[]): Promise<void> {
  const changes: object[] = [];
  for (const { event, attempt } of jobs) {
    await delay(random() * 200);
    await gateway.insist(extendLease, { id: event.id, attempt }).catch(unlessLost);
    const outcome = fails(attempt)
      ? { status: 'FAILED', error: { message: 'on purpose' } }
      : { status: 'FINISHED', result: resultOf(attempt) };
    changes.push({ id: event.id, attempt, ...outcome });
  }
  const answer = await gateway.insist<Updated>(updateEvents, { input: changes });
  for (const { code, message } of answer.updateEvents.errors) unlessLost(new Refused(code, message));
}

function unlessLost(error: Error): void {
  if (!(error instanceof Refused && error.code === 'LEASE_LOST')) throw error;
}

await (KIND === 'single' ? workSingly() : workInBatches());
