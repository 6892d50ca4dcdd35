// A worker on the example's `runWorker` that does what its jobs' sources tell it: work for a while, fail, be stubborn.
import { setTimeout as delay } from 'node:timers/promises';
import { runWorker, stopSignal } from '../../../examples/worker/run-worker.ts';

const { env } = process;
const say = (line: string) => process.stdout.write(`${line}\n`);

interface Told {
  readonly workMs?: number;
  /** Attempts up to this one fail. */
  readonly failures?: number;
  /** It does not mind its signal. */
  readonly stubborn?: boolean;
}

await runWorker({
  url: env.THROUGHLINE_URL!,
  key: env.THROUGHLINE_KEY!,
  worker: env.WORKER!,
  sourceTopics: [env.SOURCE!],
  targetTopic: `${env.SOURCE}.job`,
  enroll: { retryDelayMs: 0, maxRetries: Number(env.MAX_RETRIES ?? 3) },
  concurrency: Number(env.CONCURRENCY ?? 1),
  leaseMs: Number(env.LEASE_MS ?? 30_000),
  graceMs: Number(env.GRACE_MS ?? 10_000),
  stop: stopSignal('SIGTERM', 'SIGINT'),
  report: (what, job) => say(job ? `${job.id} ${job.attempt} ${what}` : what),
  handle: async ({ id, attempt, source }, { signal, progress }) => {
    const { workMs = 0, failures = 0, stubborn = false } = source.payload as Told;
    signal.addEventListener('abort', () => say(`${id} ${attempt} aborted`));
    await delay(workMs, undefined, stubborn ? {} : { signal });
    await progress(50, 'halfway');
    if (attempt <= failures) throw Object.assign(new Error(`attempt ${attempt} fails`), { code: 'TOLD_TO' });
    return { attempt, worker: env.WORKER };
  },
});
say('stopped');
