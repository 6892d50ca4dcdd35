// Group commit: whatever its flushes answer, every write is settled once, in order, within bounds. The clock is virtual.
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { AGAIN } from '../../src/log/group-commit.ts';
import {
  answerOf,
  cannotReach,
  committing,
  type Flush,
  gated,
  type Outcome,
  refuseBad,
  ScriptedDatabase,
  succeed,
  turn,
  type Write,
  write,
  writes,
} from './scripted-database.ts';

const clock = vi.hoisted(() => ({ now: 0 }));
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    await new Promise(setImmediate);
    clock.now += ms;
  },
}));

beforeEach(() => {
  clock.now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
});

const refusalOf = (error: unknown) => (error as { code?: string }).code ?? (error as Error).message;
const withCode = (code: string) => expect.objectContaining({ code });

describe('under any outcomes of its flushes', () => {
  const drawn = fc.record({
    key: fc.constantFrom(...'abcdef'),
    size: fc.constantFrom(1, 1, 1, limits.flushBytes / 2, limits.flushBytes, limits.flushBytes + 1),
    bad: fc.constantFrom(false, false, false, false, true),
    turnsBefore: fc.nat(2),
  });
  const outcomes = fc.infiniteStream(
    fc.constantFrom<Outcome>('ok', 'ok', 'ok', 'again', 'throws', 'unavailable', 'unavailable'),
  );
  const queueLimit = fc.integer({ min: 3, max: 30 });

  test('a write is settled once, as it went, in order within its key, and is flushed again only where that is due', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawn, { maxLength: 25 }),
        outcomes,
        queueLimit,
        async (draws, script, limit) => {
          const database = new ScriptedDatabase(script);
          const { commit } = committing(database.flush, { queueLimit: limit, timeoutMs: 300 });
          const results = new Map<Write, unknown[]>();
          for (const [n, { turnsBefore, ...content }] of draws.entries()) {
            for (let turns = 0; turns < turnsBefore; turns++) await turn();
            const item = { n, ...content };
            const settled: unknown[] = [];
            results.set(item, settled);
            const note = (result: unknown) => settled.push(result);
            commit.submit(item).then(note, note);
            await Promise.resolve();
            expect([...results.values()].filter(({ length }) => length === 0).length).toBeLessThanOrEqual(
              limit,
            );
          }
          await commit.stop();

          expect(database.violations).toEqual([]);
          for (const [item, settled] of results) {
            expect(settled).toHaveLength(1);
            if (database.committed.includes(item)) expect(settled).toEqual([answerOf(item)]);
            else
              expect(refusalOf(settled[0])).toBeOneOf([
                `refused ${item.n}`,
                'OVERLOADED',
                'DATABASE_UNAVAILABLE',
              ]);
          }
          expect(new Set(database.committed).size).toBe(database.committed.length);
          for (const key of 'abcdef') {
            const order = database.committed.filter((item) => item.key === key).map(({ n }) => n);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a flush', () => {
  test('takes along what arrives in the same turn, and then all that arrived while it was under way', async () => {
    const gate = gated();
    const { commit, flushes } = committing(gate.flush);
    const first = [0, 1, 2].map((n) => commit.submit(write(n)));
    await turn();
    await turn();
    const second = [3, 4, 5].map((n) => commit.submit(write(n)));
    gate.open();
    expect(await Promise.all(first)).toEqual(['answer 0', 'answer 1', 'answer 2']);
    gate.open();
    await Promise.all(second);
    expect(flushes).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  test('takes no more writes than its limit', async () => {
    const { flushes, submitAll } = committing(succeed);
    await submitAll(writes(2 * limits.flushItems + 1));
    expect(flushes.map(({ length }) => length)).toEqual([limits.flushItems, limits.flushItems, 1]);
  });

  test('takes no more bytes than its limit, but for one write that is larger and goes alone', async () => {
    const { flushes, submitAll } = committing(succeed);
    const sizes = [limits.flushBytes + 1, limits.flushBytes / 2, limits.flushBytes / 2, 1];
    await submitAll(sizes.map((size, n) => write(n, { size })));
    expect(flushes).toEqual([[0], [1, 2], [3]]);
  });

  test('never lets a small write overtake a large one of its key that did not fit', async () => {
    const { flushes, submitAll } = committing(succeed);
    await submitAll([
      write(0),
      write(1, { key: 'same', size: limits.flushBytes }),
      write(2, { key: 'same' }),
    ]);
    expect(flushes).toEqual([[0], [1], [2]]);
  });

  test('is repeated for those alone that lost a race, before what arrived later', async () => {
    let races = 2;
    const { flushes, submitAll } = committing(async (items) =>
      items.map((item) => (item.n === 1 && races-- > 0 ? AGAIN : answerOf(item))),
    );
    const settled = await submitAll([write(0), write(1, { key: 'same' }), write(2, { key: 'same' })]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(flushes).toEqual([[0, 1], [1], [1], [2]]);
  });
});

describe('a write that the database refuses', () => {
  test('fails alone, with the database’s own error, wherever it stands among a hundred', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(99), { maxLength: 5 }), async (bad) => {
        const { submitAll } = committing(refuseBad);
        const settled = await submitAll(writes(100).map((item) => ({ ...item, bad: bad.includes(item.n) })));
        for (const [n, result] of settled.entries()) {
          const expected = bad.includes(n)
            ? { status: 'rejected', reason: new Error(`refused ${n}`) }
            : { status: 'fulfilled', value: `answer ${n}` };
          expect(result).toEqual(expected);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('costs a few more flushes, not one for each of the others', async () => {
    const { flushes, submitAll } = committing(refuseBad);
    await submitAll(writes(limits.flushItems).map((item) => ({ ...item, bad: item.n === 123 })));
    expect(flushes.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(limits.flushItems)));
  });

  test('is refused with an Error also where something else was thrown', async () => {
    const { commit } = committing(() => Promise.reject('a text'));
    await expect(commit.submit(write(0))).rejects.toEqual(new Error('a text'));
  });
});

describe('the queue', () => {
  test('answers OVERLOADED past its bound, counting what is under way, and takes writes again afterwards', async () => {
    const gate = gated();
    const { commit } = committing(gate.flush, { queueLimit: 3 });
    const inFlight = [0, 1].map((n) => commit.submit(write(n)));
    await turn();
    await turn();
    const waiting = commit.submit(write(2));
    await expect(commit.submit(write(3))).rejects.toEqual(withCode('OVERLOADED'));
    gate.open();
    await Promise.all(inFlight);
    const next = commit.submit(write(4));
    await turn();
    gate.open();
    expect(await waiting).toBe('answer 2');
    await turn();
    gate.open();
    expect(await next).toBe('answer 4');
  });

  test.each<[string, Flush, string]>([
    ['committed', succeed, 'fulfilled'],
    ['refused', refuseBad, 'rejected'],
    ['given up', cannotReach, 'rejected'],
  ])(
    'is bounded in bytes too, and has all of them back when its writes are %s',
    async (_how, flush, status) => {
      const { commit, submitAll } = committing(flush, { timeoutMs: 0 });
      const half = limits.writeQueueBytes / 2;
      for (let round = 0; round < 3; round++) {
        const full = submitAll(
          [write(0, { size: half, bad: true }), write(1, { size: half, bad: true })].map((item) => ({
            ...item,
            bad: flush === refuseBad,
          })),
        );
        await expect(commit.submit(write(2))).rejects.toEqual(withCode('OVERLOADED'));
        const results = await full;
        expect(results.map((result) => result.status)).toEqual([status, status]);
        for (const result of results) expect(result).not.toMatchObject({ reason: { code: 'OVERLOADED' } });
      }
    },
  );
});

describe('a database that cannot be reached', () => {
  test('is tried again, with the word that the write may have been made, until it answers', async () => {
    const told: boolean[] = [];
    const { submitAll } = committing((items, retried, tried) => {
      told.push(retried);
      return told.length < 4 ? cannotReach(items, retried, tried) : succeed(items, retried, tried);
    });
    const settled = await submitAll(writes(2));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(told).toEqual([false, true, true, true]);
    expect(await submitAll([write(2)])).toEqual([{ status: 'fulfilled', value: 'answer 2' }]);
    expect(told.at(-1)).toBe(false);
  });

  test('is then tried with the writes of each lane by themselves, and told which of them may have been made', async () => {
    const told: [number[], number[]][] = [];
    const { submitAll } = committing(
      (items, retried, tried) => {
        told.push([items.map(({ n }) => n), [...tried].map(({ n }) => n)]);
        return told.length < 2 ? cannotReach(items, retried, tried) : succeed(items, retried, tried);
      },
      { laneOf: ({ n }) => (n % 2 ? 'odd' : 'even'), keyOf: ({ n }) => `${n}` },
    );
    const settled = await submitAll(writes(4));
    expect(settled.map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
    expect(told).toEqual([
      [[0, 2, 1, 3], []],
      [
        [0, 2],
        [0, 2],
      ],
      [
        [1, 3],
        [1, 3],
      ],
    ]);
  });

  test('has a write that then lost a race told so again: what may have been made once may still be there', async () => {
    const told: boolean[] = [];
    const { submitAll } = committing(async (items, retried, tried) => {
      told.push(retried);
      if (told.length === 1) return cannotReach(items, retried, tried);
      return items.map((item) => (told.length === 2 ? AGAIN : answerOf(item)));
    });
    expect(await submitAll([write(0)])).toEqual([{ status: 'fulfilled', value: 'answer 0' }]);
    expect(told).toEqual([false, true, true]);
  });

  test('is given up by each write when its own patience ends, those that wait included', async () => {
    const { commit, flushes } = committing(cannotReach, { timeoutMs: 2_000 });
    const since = clock.now;
    const givenUp = (item: Write) =>
      commit.submit(item).then(
        () => expect.unreachable(),
        (error: unknown) => ({ error, after: clock.now - since }),
      );
    const results = await Promise.all([
      givenUp(write(0, { key: 'same' })),
      givenUp(write(1, { key: 'same' })),
    ]);
    for (const { error, after } of results) {
      expect(error).toEqual(withCode('DATABASE_UNAVAILABLE'));
      expect(after).toBeGreaterThanOrEqual(2_000);
      expect(after).toBeLessThanOrEqual(3_000);
    }
    // At most one wait of a second lies between two looks; the second write was never tried.
    expect(new Set(flushes.flat())).toEqual(new Set([0]));
  });
});

describe('stopping', () => {
  test('resolves when everything accepted is settled, and refuses what comes later', async () => {
    const gate = gated();
    const { commit } = committing(gate.flush);
    const log: string[] = [];
    const accepted = [write(0, { key: 'same' }), write(1, { key: 'same' })].map((item) =>
      commit.submit(item).then((answer) => log.push(answer)),
    );
    const stopped = commit.stop().then(() => log.push('stopped'));
    await expect(commit.submit(write(2))).rejects.toEqual(withCode('SHUTTING_DOWN'));
    await turn();
    gate.open();
    await turn();
    gate.open();
    await Promise.all([...accepted, stopped]);
    expect(log).toEqual(['answer 0', 'answer 1', 'stopped']);
  });

  test('ends even where the database cannot be reached, when patience does', async () => {
    const { commit } = committing(cannotReach, { timeoutMs: 2_000 });
    const given = expect(commit.submit(write(0))).rejects.toEqual(withCode('DATABASE_UNAVAILABLE'));
    await commit.stop();
    await given;
  });

  test('resolves at once where nothing is under way, and as often as it is asked', async () => {
    const { commit, flushes } = committing(succeed);
    await commit.stop();
    await commit.stop();
    await expect(commit.submit(write(0))).rejects.toEqual(withCode('SHUTTING_DOWN'));
    expect(flushes).toEqual([]);
  });
});
