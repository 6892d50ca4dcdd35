// Reads of large events: small answers at once, large ones a few at a time, and little of what would be refused.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { Database } from '../../src/database/database.ts';
import { readLarge } from '../../src/operations/events/large-reads.ts';
import { readRequest } from '../../src/store/events/read-events.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh } from '../support/gateway.ts';

const mebibyte = 1_048_576;

/** Reads of answers of some size; those beyond a mebibyte end when the test ends them. */
function reads(bytes: number) {
  const database = { kind: 'postgres' } as Database;
  const open: (() => void)[] = [];
  const bounds: number[] = [];
  const read = (caller: string) =>
    readLarge(database, caller, async (maxBytes) => {
      bounds.push(maxBytes);
      if (maxBytes > mebibyte) await new Promise<void>((end) => open.push(end));
      return { isCut: bytes > maxBytes };
    });
  return { read, open, bounds };
}

describe('A read', () => {
  test('of little is made once, whatever else is read', async () => {
    const { read, bounds } = reads(mebibyte);
    expect(await Promise.all(Array.from({ length: 20 }, () => read('a')))).toHaveLength(20);
    expect(new Set(bounds)).toEqual(new Set([mebibyte]));
  });

  test('of much is one of three at a time, in which callers take turns', async () => {
    const { read, open, bounds } = reads(2 * mebibyte);
    const ended: string[] = [];
    const all = ['a', 'a', 'a', 'a', 'a', 'b'].map((caller) =>
      read(caller).then((answer) => ended.push(`${caller} ${answer.isCut}`)),
    );
    await turn();
    expect(bounds.filter((bound) => bound === limits.pageBytes)).toHaveLength(3);
    for (let n = 0; n < all.length; n += 1) {
      open.shift()!();
      await turn();
      expect(open.length).toBeLessThanOrEqual(3);
    }
    await Promise.all(all);
    expect(ended).toEqual(['a false', 'a false', 'a false', 'a false', 'b false', 'a false']);
  });
});

describeDatabases('What is of use only whole', (backend) => {
  const gateway = composedOnce(backend);

  test('is hardly read where it is too large', async () => {
    const requestId = fresh('request');
    const pad = 'x'.repeat(10_000);
    for (let n = 0; n < 5; n += 1)
      await gateway().send({ topic: fresh('large'), requestId, payload: { pad, n } });
    const read = async (maxBytes: number) => {
      const { database } = gateway();
      const bound = { maxBytes, isWhole: true };
      const { rows, isCut } = await readRequest(database, requestId, 100, ['payload'], { rows: null, bound });
      return [rows.length, isCut];
    };
    expect(await read(45_000)).toEqual([1, true]);
    expect(await read(60_000)).toEqual([5, false]);
  });
});
