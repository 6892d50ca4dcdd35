// The log where nobody reads it: bounded, counted, and in order again once somebody does.
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { BoundedOutput } from '../../src/base/bounded-output.ts';
import { createLogger } from '../../src/base/logger.ts';
import { limits } from '../../src/base/limits.ts';

/** A pipe: takes nothing until `read`. */
class Pipe extends Writable {
  text = '';
  #taken: (() => void) | undefined;
  #isRead = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    if (this.#isRead) done();
    else this.#taken = done;
  }

  read(): void {
    this.#isRead = true;
    this.#taken?.();
  }
}

it('holds a bounded amount, and says how many lines it dropped once the pipe is read', async () => {
  const pipe = new Pipe();
  const output = new BoundedOutput(pipe, (dropped) => `dropped ${dropped}\n`, 100);
  for (let n = 0; n < 1_000; n += 1) output.write(`line ${n}\n`);
  expect(pipe.writableLength).toBeLessThan(120);
  pipe.read();
  await new Promise(setImmediate);
  output.write('after\n');
  await new Promise(setImmediate);
  const lines = pipe.text.trimEnd().split('\n');
  const kept = lines.filter((line) => line.startsWith('line '));
  expect(kept).toEqual(kept.map((_, n) => `line ${n}`));
  expect(lines.slice(kept.length)).toEqual([`dropped ${1_000 - kept.length}`, 'after']);
});

it('is bounded for the log, whose lines stay JSON', async () => {
  const pipe = new Pipe();
  const logger = createLogger('info', pipe);
  const detail = 'x'.repeat(10_000);
  for (let n = 0; n < 500; n += 1) logger.info({ detail }, 'much');
  expect(pipe.writableLength).toBeLessThan(limits.logBytes + 11_000);
  pipe.read();
  await new Promise(setImmediate);
  const last = JSON.parse(pipe.text.trimEnd().split('\n').at(-1)!);
  expect(last).toMatchObject({
    level: 40,
    name: 'throughline',
    msg: expect.stringContaining('were dropped'),
  });
});

it('outlives a reader that has gone', async () => {
  const pipe = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const logger = createLogger('info', pipe);
  logger.info('one');
  await new Promise(setImmediate);
  logger.info('two');
});
