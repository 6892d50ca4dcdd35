// A worker: writes an invoice for every order that is paid. Copy it, and put your own work into `handle`.
import { hostname } from 'node:os';
import { invoiceOf, orderOf } from './worker/invoice.ts';
import { runWorker, stopSignal } from './worker/run-worker.ts';

const { env } = process;
const say = (line: string) => process.stdout.write(`${line}\n`);

await runWorker({
  url: env.THROUGHLINE_URL ?? 'http://127.0.0.1:4000',
  key: env.THROUGHLINE_KEY ?? '',
  worker: env.WORKER ?? `${hostname()}-${process.pid}`,
  sourceTopics: ['order.paid'],
  targetTopic: 'invoice.write',
  concurrency: Number(env.CONCURRENCY ?? 1),
  leaseMs: Number(env.LEASE_MS ?? 30_000),
  graceMs: Number(env.GRACE_MS ?? 10_000),
  stop: stopSignal('SIGTERM', 'SIGINT'),
  report: (what, job) => say(job ? `${job.id} attempt ${job.attempt}: ${what}` : what),
  handle: async ({ source }, { signal, progress, send }) => {
    const { items } = orderOf(source.payload);
    for (const [n, { name }] of items.entries()) {
      signal.throwIfAborted();
      await progress((100 * (n + 1)) / items.length, name);
    }
    const invoice = invoiceOf(items);
    await send({ topic: 'invoice.written', payload: { total: invoice.total } });
    return invoice;
  },
});
