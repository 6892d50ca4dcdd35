// A program that waits for requests to a webhook: for a GET, as long as it takes, then for a GET or a POST, not so long.
import { stopSignal } from './worker/run-worker.ts';
import { run } from './webhook/program.ts';

const { env } = process;

await run({
  url: env.THROUGHLINE_URL ?? 'http://127.0.0.1:4000',
  key: env.THROUGHLINE_KEY ?? '',
  trigger: env.TRIGGER ?? 'meow',
  withinMs: Number(env.WITHIN_MS ?? 60_000),
  stop: stopSignal('SIGTERM', 'SIGINT'),
  say: (line) => process.stdout.write(`${line}\n`),
});
