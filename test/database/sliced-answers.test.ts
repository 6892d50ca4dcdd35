// Large answers of the server, read in time slices: which of them wait, and for how long.
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { pauseIfDue } from '../../src/base/time-slices.ts';
import { readInSlices } from '../../src/database/postgres/sliced-answers.ts';

/** A connection whose answers come when the test says so. */
class Connection extends EventEmitter {
  isPaused = false;
  readonly stream = Object.assign(new EventEmitter(), {
    pause: () => void (this.isPaused = true),
    resume: () => void (this.isPaused = false),
  });

  constructor() {
    super();
    readInSlices({ connection: this } as unknown as pg.ClientBase);
  }

  receive(kibibytes: number): void {
    for (let n = 0; n < kibibytes; n += 64) this.stream.emit('data', Buffer.alloc(65_536));
  }

  endAnswer(): void {
    this.emit('readyForQuery');
  }
}

/** Uses up the slice in which it is called. */
async function useSlice(): Promise<void> {
  await pauseIfDue();
  const end = performance.now() + 11;
  while (performance.now() < end);
}

describe('An answer of the server', () => {
  test('waits for the next slice where it is large and the slice is over', async () => {
    const connection = new Connection();
    await useSlice();
    connection.receive(192);
    expect(connection.isPaused).toBe(false);
    connection.receive(64);
    expect(connection.isPaused).toBe(true);
    while (connection.isPaused) await turn();
  });

  test('never waits where it is small, however many there are', async () => {
    const connection = new Connection();
    await useSlice();
    for (let n = 0; n < 10; n += 1) {
      connection.receive(128);
      connection.endAnswer();
    }
    expect(connection.isPaused).toBe(false);
  });
});
