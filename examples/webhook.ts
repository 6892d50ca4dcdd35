// A program that waits for requests to a webhook: for a GET, as long as it takes, then for a GET or a POST, not so long.
import { run } from './webhook/program.ts';

const { env } = process;
/** A second signal ends the process at once. */
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort());

await run({
  url: env.THROUGHLINE_URL ?? 'http://127.0.0.1:4000',
  key: env.THROUGHLINE_KEY ?? '',
  trigger: env.TRIGGER ?? 'meow',
  withinMs: Number(env.WITHIN_MS ?? 60_000),
  stop: stopping.signal,
  say: (line) => process.stdout.write(`${line}\n`),
});
