// Fair slices: how many steps go without a pause, who is next, and what becomes of results and failures.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Steps, FairSlices } from '../../src/base/fair-slices.ts';

/** A clock that stands still but for what steps take, and an event loop that is turned by hand. */
class Loop {
  now = 0;
  /** What was done, in order: a step by its name, or a pause by its length. */
  readonly done: (string | number)[] = [];
  #resume: (() => void) | undefined;
  readonly slices = new FairSlices({
    now: () => this.now,
    later: (resume, ms) => {
      expect(this.#resume).toBeUndefined();
      this.done.push(ms);
      this.#resume = resume;
    },
  });

  *steps(name: string, lengths: readonly number[]): Generator<void, string> {
    for (const ms of lengths) {
      this.now += ms;
      this.done.push(name);
      yield;
    }
    return name;
  }

  run(name: string, lengths: readonly number[], caller = name): Promise<string> {
    return this.slices.run(caller, this.steps(name, lengths));
  }

  /** Turns until nothing is left to be done. */
  turnAll(): void {
    for (let resume = this.#resume; resume; resume = this.#resume) {
      this.#resume = undefined;
      resume();
    }
  }
}

describe('Fair slices', () => {
  test('a computation that fits goes on without a pause', async () => {
    const loop = new Loop();
    const result = loop.run('a', [1, 1, 1]);
    expect(loop.done).toEqual(['a', 'a', 'a', 0]);
    expect(await result).toBe('a');
  });

  test('a slice ends after five milliseconds, and the event loop turns before the next', async () => {
    const loop = new Loop();
    const result = loop.run('a', Array<number>(12).fill(1));
    loop.turnAll();
    expect(await result).toBe('a');
    expect(largestRun(loop.done)).toBe(5);
  });

  test('the computations of one caller share its turns, and callers alternate however many each has', async () => {
    const loop = new Loop();
    const all = [
      loop.run('a1', [5, 5, 5], 'a'),
      loop.run('a2', [5, 5, 5], 'a'),
      loop.run('a3', [5, 5, 5], 'a'),
      loop.run('b', [5, 5, 5], 'b'),
    ];
    loop.turnAll();
    await Promise.all(all);
    const order = loop.done.filter((entry) => typeof entry === 'string');
    expect(order).toEqual(['a1', 'a1', 'b', 'a2', 'b', 'a3', 'b', 'a1', 'a2', 'a3', 'a2', 'a3']);
  });

  test('after a long step all computations pause for as long, up to a quarter of a second', async () => {
    const loop = new Loop();
    const all = [loop.run('a', [100, 400]), loop.run('b', [1])];
    loop.turnAll();
    await Promise.all(all);
    expect(loop.done.filter((entry) => entry !== 0)).toEqual(['a', 100, 'a', 250, 'b']);
  });

  test('a step that fails is the end of its computation alone', async () => {
    const loop = new Loop();
    const failing = function* (): Steps<never> {
      yield* loop.steps('a', [5, 5]);
      throw new Error('it failed');
    };
    const failed = loop.slices.run('a', failing());
    const other = loop.run('b', [5]);
    loop.turnAll();
    await expect(failed).rejects.toThrow('it failed');
    expect(await other).toBe('b');
  });

  test('whatever is to be done is done once, and never for longer than a slice and one step', async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 20 });
    const computations = fc.array(fc.record({ lengths, caller: fc.constantFrom('a', 'b', 'c') }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(computations, async (given) => {
        const loop = new Loop();
        const all = given.map(({ lengths: own, caller }, n) => loop.run(String(n), own, caller));
        loop.turnAll();
        expect(await Promise.all(all)).toEqual(given.map((_, n) => String(n)));
        for (const [n, { lengths: own }] of given.entries())
          expect(loop.done.filter((entry) => entry === String(n))).toHaveLength(own.length);
        expect(loop.done.every((entry) => typeof entry === 'string' || entry === 0)).toBe(true);
      }),
    );
  });
});

/** The most steps between two turns of the event loop. */
function largestRun(done: readonly (string | number)[]): number {
  let [largest, run] = [0, 0];
  for (const entry of done) {
    run = typeof entry === 'string' ? run + 1 : 0;
    largest = Math.max(largest, run);
  }
  return largest;
}
