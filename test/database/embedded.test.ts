// The embedded database: beside the event loop, on disk, and after the worst.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { DatabaseUnavailable, StartupError } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/embedded.ts';
import { EmbeddedLink } from '../../src/database/embedded-link.ts';
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

  test('reports a folder that it can not use in one line', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'below')]) {
      const refusal = await openEmbedded(folder).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StartupError);
      expect((refusal as Error).message).toMatch(/^the data folder \S+ can not be used: .+$/);
    }
    const damaged = join(parent, 'damaged');
    await mkdir(damaged);
    await writeFile(join(damaged, 'PG_VERSION'), '99\n');
    await expect(openEmbedded(damaged)).rejects.toThrow(
      /^the embedded database in \S+ can not be opened: .+$/,
    );
  });
});

describe('the data folder', () => {
  test('gives every committed row back after each of five kills in the midst of writing', async () => {
    const folder = join(parent, 'killed');
    let committed = 0;
    for (let round = 1; round <= 5; round++) {
      const child = new Child('test/database/programs/insert-rows.ts', folder);
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
  });

  test('is begun afresh after a first start that was killed half-way', async () => {
    const folder = join(parent, 'half');
    const child = new Child('test/database/programs/insert-rows.ts', folder);
    while (!existsSync(join(folder, 'data', 'base', '1')))
      await new Promise((resolve) => setTimeout(resolve, 1));
    await child.kill();
    expect(existsSync(join(folder, 'data.unfinished'))).toBe(true);
    const database = await openDatabase({ folder, logger });
    expect(await database.reachable()).toBe(true);
    await database.close();
    expect(existsSync(join(folder, 'data.unfinished'))).toBe(false);
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
