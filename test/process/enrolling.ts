// A worker that enrolls and finishes what it gets until it is stopped, through outages of its gateway.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../support/process.ts';

const enrolling = `mutation ($input: EnrollInput!, $count: Int!) {
  enrollMany(input: $input, count: $count) { attempt event { id } }
}`;
const finishing = `mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { code } } }`;

interface Claimed {
  readonly enrollMany: readonly { readonly attempt: number; readonly event: { readonly id: string } }[];
}

export interface Enrolling {
  /** Where its gateway serves now. */
  readonly urlOf: () => Promise<string>;
  /** An EnrollInput. */
  readonly input: object;
  readonly count: number;
  /** How long a job takes, in milliseconds. */
  readonly workMs: number;
}

/** `stop` resolves when the last job is finished. */
export function work({ urlOf, input, count, workMs }: Enrolling): { stop(): Promise<void> } {
  let isStopped = false;
  const run = async () => {
    while (!isStopped) {
      try {
        const url = await urlOf();
        const { data } = await ask<Claimed>(url, enrolling, { variables: { input, count } });
        const jobs = data?.enrollMany ?? [];
        if (jobs.length === 0) continue;
        await delay(workMs);
        const ended = jobs.map(({ event: { id }, attempt }) => ({ id, attempt, status: 'FINISHED' }));
        await ask(url, finishing, { variables: { input: ended } });
      } catch {
        await delay(20);
      }
    }
  };
  const running = run();
  return {
    stop: () => {
      isStopped = true;
      return running;
    },
  };
}
