// What operations hold before their answers are sent: which operations wait for room, which continue first, and which time out.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PartialEvent } from '../../src/domain/events/event.ts';
import { AnswerBudget } from '../../src/graphql/answers/answer-budget.ts';
import { HeldAnswers } from '../../src/graphql/answers/held-answers.ts';

const limits = { heldAnswerBytes: 100, heldAnswerBytesPerKey: 60, heldAnswerMs: 10_000 };

/** Operations that each read one payload and hold it until they are ended. */
function operations(most = limits) {
  const answers = new HeldAnswers(most);
  const begun: string[] = [];
  const read = (name: string, jsonBytes: number, caller = name) => {
    const budget = new AnswerBudget({ answers, caller });
    const find = async (): Promise<PartialEvent[]> => {
      begun.push(name);
      return [{ id: name, jsonBytes }];
    };
    const reading = budget.read(['payload'], find, (events) => events);
    return { reading, end: () => budget.end() };
  };
  return { read, begun };
}

describe('A read of payloads', () => {
  test('begins at once while there is room, however much it finds', async () => {
    const { read, begun } = operations();
    await read('a', 59, 'k').reading;
    await read('b', 1_000, 'k').reading;
    expect(begun).toEqual(['a', 'b']);
  });

  test('waits while its key holds as much as it may, and others go on', async () => {
    const { read, begun } = operations();
    const first = read('a', 60, 'k');
    await first.reading;
    const waiting = read('b', 1, 'k');
    await read('c', 1, 'other').reading;
    expect(begun).toEqual(['a', 'c']);
    first.end();
    await waiting.reading;
    expect(begun).toEqual(['a', 'c', 'b']);
  });

  test('waits while all together hold as much as they may', async () => {
    const { read, begun } = operations();
    const held = [read('a', 50), read('b', 50)];
    await Promise.all(held.map(({ reading }) => reading));
    const waiting = read('c', 1);
    await turn();
    expect(begun).toEqual(['a', 'b']);
    held[0]!.end();
    await waiting.reading;
  });

  test('goes on one after another, callers in turn, as long as there is room', async () => {
    const { read, begun } = operations();
    const first = read('a', 100, 'k');
    await first.reading;
    const waiting = [read('k1', 30, 'k'), read('k2', 30, 'k'), read('k3', 30, 'k'), read('o1', 5, 'other')];
    await turn();
    first.end();
    await Promise.all([0, 1, 3].map((n) => waiting[n]!.reading));
    await turn();
    expect(begun).toEqual(['a', 'k1', 'o1', 'k2']);
    waiting[0]!.end();
    await waiting[2]!.reading;
  });

  test('gets OVERLOADED where there is no room in time, and leaves nothing behind', async () => {
    const { read } = operations({ ...limits, heldAnswerMs: 1 });
    const first = read('a', 60, 'k');
    await first.reading;
    await expect(read('b', 1, 'k').reading).rejects.toMatchObject({ code: 'OVERLOADED' });
    first.end();
    await read('c', 1, 'k').reading;
  });

  test('that ends after its operation holds nothing', async () => {
    const { read, begun } = operations();
    const late = read('a', 60, 'k');
    late.end();
    await late.reading;
    await read('b', 1, 'k').reading;
    expect(begun).toEqual(['a', 'b']);
  });

  test('of no payloads never waits', async () => {
    const answers = new HeldAnswers({ ...limits, heldAnswerBytes: 0 });
    const budget = new AnswerBudget({ answers, caller: 'k' });
    expect(
      await budget.read(
        ['topic'],
        async () => [{ id: 'a' }],
        (events) => events,
      ),
    ).toHaveLength(1);
  });
});
