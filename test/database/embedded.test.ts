// The embedded database: beside the event loop, on disk, and after the worst.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { DatabaseEnded, DatabaseUnavailable } from '../../src/database/database.ts';
import { EmbeddedLink } from '../../src/database/embedded/link.ts';
import { openDatabase } from '../../src/database/open.ts';
import { Child } from '../support/child.ts';
import { describeEmbedded } from '../support/database.ts';

const logger = createLogger('silent');
let parent = '';

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'throughline-embedded-'));
});

afterAll(() => rm(parent, { recursive: true, force: true }));

describeEmbedded('a long statement', (backend) => {
  test('does not hold up the event loop', async () => {
    const database = await backend.open();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const started = performance.now();
    await database.query({ text: 'SELECT count(*) FROM generate_series(1, 3000000)', values: [] });
    const took = performance.now() - started;
    delay.disable();
    expect(delay.max / 1e6).toBeLessThan(took / 2);
  });
});

/** Says that it is ready, and crashes at the first request. */
const dyingThread = `const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => { throw new Error('crash'); });
  parentPort.postMessage({ kind: 'ready' });`;

/** Never answers. */
const silentThread = `const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => {});
  parentPort.postMessage({ kind: 'ready' });`;

/** Reports that it failed, and then keeps its thread for ever. */
const panickedThread = `const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => {
    parentPort.postMessage({ kind: 'ended', reason: 'No space left on device' });
    for (;;);
  });
  parentPort.postMessage({ kind: 'ready' });`;

describe('the thread of the database', () => {
  test('fails what waits and what comes after when it ends by itself', async () => {
    const link = new EmbeddedLink(new Worker(dyingThread, { eval: true }));
    const deaths: Error[] = [];
    link.onDeath = (failure) => deaths.push(failure);
    await link.ready;
    const [first, second] = [link.send({ do: 'dump' }), link.send({ do: 'dump' })];
    await expect(first).rejects.toThrow(DatabaseUnavailable);
    await expect(second).rejects.toThrow(DatabaseUnavailable);
    await expect(link.send({ do: 'dump' })).rejects.toThrow(DatabaseUnavailable);
    expect(deaths).toHaveLength(1);
    await link.end();
  });

  test('answers each call in time: where it says nothing the call fails, and at last the database counts as ended', async () => {
    const link = new EmbeddedLink(new Worker(silentThread, { eval: true }), 5);
    const ended = new Promise<Error>((resolve) => {
      link.onDeath = resolve;
    });
    await link.ready;
    const long = link.send({ do: 'dump' }, 40);
    const refusal = await link.send({ do: 'dump' }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DatabaseUnavailable);
    expect(refusal).not.toBeInstanceOf(DatabaseEnded);
    await expect(long).rejects.toThrow('cannot be reached');
    expect((await ended).message).toBe('the embedded database has failed: it did not respond for 60 seconds');
    await expect(link.send({ do: 'dump' })).rejects.toThrow(DatabaseEnded);
    await link.end();
  });

  test('is not given up over a request that may take long, such as a migration', async () => {
    const link = new EmbeddedLink(new Worker(silentThread, { eval: true }), 1);
    await link.ready;
    const long = link.send({ do: 'exec', sql: 'a migration' }, Infinity);
    const outcome = long.catch((error: unknown) => error);
    for (let round = 0; round < 6; round++)
      await expect(link.send({ do: 'dump' })).rejects.not.toThrow(DatabaseEnded);
    await link.end();
    expect(await outcome).toBeInstanceOf(DatabaseEnded);
  });

  test('says that the database has given up even where it never comes back', async () => {
    const link = new EmbeddedLink(new Worker(panickedThread, { eval: true }));
    await link.ready;
    const refusals = await Promise.allSettled([link.send({ do: 'dump' }), link.send({ do: 'dump' })]);
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ reason: expect.objectContaining({ name: 'DatabaseEnded' }) });
    await link.end();
  });
});

describe('the data folder', () => {
  test(
    'gives every committed row back after each of five kills in the midst of writing',
    { timeout: 300_000 },
    async () => {
      const folder = join(parent, 'killed');
      let committed = 0;
      for (let round = 1; round <= 5; round++) {
        const child = new Child('test/database/programs/insert-rows.ts', [folder]);
        const goal = committed + 20 + round;
        while (committed < goal) committed = Number(await child.hear());
        await child.kill();
      }
      const database = await openDatabase({ folder, logger });
      const [row] = await database.query<{ n: bigint; last: number }>({
        text: 'SELECT count(*) AS n, max(n) AS last FROM numbers',
        values: [],
      });
      await database.close();
      expect(row!.last).toBeGreaterThanOrEqual(committed);
      expect(row!.n).toBe(BigInt(row!.last));
    },
  );

  test('is begun afresh after a first start that was killed half-way', async () => {
    const folder = join(parent, 'half');
    const draft = join(folder, 'data.new');
    const child = new Child('test/database/programs/insert-rows.ts', [folder]);
    await expect.poll(() => existsSync(join(draft, 'global')), { interval: 1, timeout: 30_000 }).toBe(true);
    await child.kill();
    expect(existsSync(join(folder, 'data'))).toBe(false);
    const database = await openDatabase({ folder, logger });
    expect(await database.reachable()).toBe(true);
    await database.close();
    expect(existsSync(draft)).toBe(false);
  });

  test('is refused to a second opener until the first one has closed it', async () => {
    const folder = join(parent, 'held');
    const first = await openDatabase({ folder, logger });
    await expect(openDatabase({ folder, logger })).rejects.toThrow(`process ${process.pid}`);
    await first.close();
    const second = await openDatabase({ folder, logger });
    await second.close();
  });
});
