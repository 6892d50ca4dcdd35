// A gateway whose standard output and standard error are one pipe that nobody reads: it answers as ever.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { appFolder } from '../handlers/app-fixture.ts';
import { describeDatabases } from '../support/database.ts';
import { freePort } from '../support/port.ts';
import { ask, GatewayProcess, isHealthy, settingsFor } from '../support/process.ts';

const lineLength = 10_000;
/** What one event has its handler write to each of the two streams, in lines: more than is kept for a reader. */
const lines = Math.ceil((2 * limits.logBytes) / lineLength);

const app = {
  'events/Loud/e.json': { type: 'events.NormalType', sender: 'pipe.loud' },
  'events/Loud/inner.ts': `
    import { app } from 'throughline';
    export function customFunc() {
      for (let n = 0; n < ${lines}; n += 1) app.log.info('x'.repeat(${lineLength}));
      console.log('y'.repeat(${lines * lineLength}));
      return 'said';
    }`,
};

const send = `mutation { sendEvent(input: {topic: "pipe.loud"}) { executions { result error { message } } } }`;

/** A pipe that holds 64 KiB, with both of its ends. */
class UnreadPipe {
  readonly #folder: string;
  readonly fd: number;

  private constructor(folder: string) {
    this.#folder = folder;
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    this.fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  static async open(): Promise<UnreadPipe> {
    return new UnreadPipe(await mkdtemp(join(tmpdir(), 'throughline-pipe-')));
  }

  /** What it holds, which is taken out of it. */
  read(): string {
    const part = Buffer.alloc(1_000_000);
    try {
      return part.toString('utf8', 0, readSync(this.fd, part));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
      throw error;
    }
  }

  async close(): Promise<void> {
    closeSync(this.fd);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

describeDatabases('A gateway whose output nobody reads', (backend) => {
  let pipe: UnreadPipe;
  beforeEach(async () => {
    pipe = await UnreadPipe.open();
  });
  afterEach(() => pipe.close());

  test('answers after megabytes of output, says what it dropped once it is read, and stops in order', async () => {
    const settings = {
      ...settingsFor(await backend.target()),
      THROUGHLINE_APP: await appFolder(app),
      PORT: await freePort(),
    };
    const gateway = new GatewayProcess(settings, pipe.fd);
    const url = await gateway.url;
    for (let n = 0; n < 4; n += 1) {
      const { data, errors } = await ask(url, send, { withinMs: 20_000 });
      expect({ data, errors }).toEqual({
        data: { sendEvent: { executions: [{ result: 'said', error: null }] } },
        errors: [],
      });
      expect(await isHealthy(url)).toBe(true);
    }

    let said = '';
    await expect
      .poll(() => (said += pipe.read()), { timeout: 20_000, interval: 5 })
      .toMatch(/\d+ log lines were dropped/);
    expect(said).toContain(`serves at ${url};`);

    // Full again.
    await ask(url, send);
    expect(await gateway.terminate()).toEqual({ code: 0, signal: null });
  });
});
