// A worker by hand that pulls its jobs: it waits for jobs, works on each, and stops gracefully on request.
import { Gateway } from '../../../examples/webhook/gateway.ts';
import type { Job, WorkerSettings } from './job.ts';
import { JobRun, Stopping } from './job-run.ts';

/** How long one call waits for a job, in milliseconds. The gateway answers it as soon as there is one. */
const waitMs = 30_000;

const enroll = `mutation($input: EnrollInput!) { enroll(input: $input) {
  attempt leaseUntil event { id requestId } source { id topic payload } } }`;

interface Enrolled {
  readonly enroll: {
    readonly attempt: number;
    readonly leaseUntil: string;
    readonly event: { readonly id: string; readonly requestId: string };
    readonly source: Job['source'];
  } | null;
}

/** Aborted by the first of these signals; a second one ends the process at once, as it does without us. */
export function stopSignal(...signals: readonly NodeJS.Signals[]): AbortSignal {
  const stopping = new AbortController();
  for (const signal of signals) process.once(signal, () => stopping.abort());
  return stopping.signal;
}

/** Resolves when it was stopped and holds nothing any more; rejects where the gateway refuses to give it jobs. */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const { url, key, stop, concurrency = 1, graceMs = 10_000, report = () => {} } = settings;
  const gateway = new Gateway(url, key, report);
  const halt = new AbortController();
  const grace = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  halt.signal.addEventListener('abort', () => {
    report('stopping');
    timer = setTimeout(() => grace.abort(new Stopping()), graceMs);
  });
  if (stop?.aborted) return;
  stop?.addEventListener('abort', () => halt.abort(), { once: true });

  const takeJobs = async () => {
    try {
      while (!halt.signal.aborted) {
        const job = await takeJob(gateway, settings, halt.signal);
        if (job) await new JobRun(gateway, job, settings, grace.signal).run();
      }
    } catch (error) {
      if (halt.signal.aborted) return;
      halt.abort();
      throw error;
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, takeJobs));
  clearTimeout(timer);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/**
 * Null where there was none for a while. A call that is aborted closes its connection, and the gateway gives back what
 * it claimed for it in that moment.
 */
async function takeJob(gateway: Gateway, settings: WorkerSettings, signal: AbortSignal): Promise<Job | null> {
  const { worker, sourceTopics, targetTopic, leaseMs = 30_000 } = settings;
  const input = { ...settings.enroll, worker, sourceTopics, targetTopic, leaseMs, waitMs };
  const withinMs = waitMs + 10_000;
  const { enroll: enrolled } = await gateway.insist<Enrolled>(enroll, { input }, { signal, withinMs });
  if (!enrolled) return null;
  const { event, source, attempt, leaseUntil } = enrolled;
  return { ...event, source, attempt, leaseUntil };
}
