// A port that a gateway can be started on again after it was killed, while its clients go on asking there.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to clients: there one that asks an empty port may be connected to itself. */
const range = { from: 15_000, below: 30_000 };
/** Test files that run at once draw from parts of their own. */
const parts = 20;
const size = (range.below - range.from) / parts;
const from = range.from + size * (Number(process.env.VITEST_POOL_ID ?? 0) % parts);
const given = new Set<number>();

/** One that nobody listens on, and that was not given to another before. */
export async function freePort(): Promise<string> {
  for (;;) {
    const port = randomInt(from, from + size);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return String(port);
  }
}
