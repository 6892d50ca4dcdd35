// A worker: writes an invoice for every order that is paid. Copy it, and put your own work into the handler.
import { hostname } from 'node:os';
import { createClient } from 'throughline-client';
import { invoiceOf, orderOf } from './invoice.ts';

const { env } = process;
const say = (line: string) => process.stdout.write(`${line}\n`);

const client = createClient({
  url: env.THROUGHLINE_URL ?? 'http://127.0.0.1:4000',
  key: env.THROUGHLINE_KEY,
});

const worker = client.worker(
  {
    source: 'order.paid',
    target: 'invoice.write',
    worker: env.WORKER ?? `${hostname()}-${process.pid}`,
    concurrency: Number(env.CONCURRENCY ?? 1),
    onError: (error, jobId) => say(`${jobId ?? 'gateway'}: ${(error as Error).message}`),
  },
  async (job) => {
    const { items } = orderOf(job.payload);
    for (const [n, { name }] of items.entries()) {
      job.signal.throwIfAborted();
      await job.progress((100 * (n + 1)) / items.length, name);
    }
    const invoice = invoiceOf(items);
    await job.send('invoice.written', { total: invoice.total });
    say(`${job.id}: ${invoice.total}`);
    return invoice;
  },
);

// Resolves after SIGTERM or SIGINT, when the jobs that it holds are finished or given back.
await worker.done;
await client.close();
