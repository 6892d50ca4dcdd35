// Lists of writes that take long to prepare: others have their turn in between, and the order stays.
import { describe, expect, test } from 'vitest';
import { badInput } from '../../src/base/errors.ts';
import { runBatch } from '../../src/operations/events/batch.ts';
import { countTurns, workForASlice } from '../support/turns.ts';

describe('A list of writes whose items take long to prepare', () => {
  const items = [1, 2, 3, 4, 5, 6];

  test.each(['taken', 'refused'])('lets others have their turn between items that are %s', async (fate) => {
    const begun: number[] = [];
    const batch = {
      name: 'sendEvents',
      caller: 'a',
      prepare: (n: number) => {
        workForASlice();
        if (fate === 'refused') throw badInput(`not ${n}`);
        return { n };
      },
      run: async ({ n }: { n: number }) => {
        begun.push(n);
        return { id: String(n) };
      },
      sizeOf: () => 0,
      report: () => '',
    };
    const { result, turns } = await countTurns(() => runBatch(batch, items));
    expect(result.events.map((event) => event?.id)).toEqual(
      items.map((n) => (fate === 'taken' ? String(n) : undefined)),
    );
    expect(result.errors.map(({ index }) => index)).toEqual(fate === 'taken' ? [] : [0, 1, 2, 3, 4, 5]);
    expect(begun).toEqual(fate === 'taken' ? items : []);
    expect(turns).toBeGreaterThanOrEqual(items.length - 1);
  });
});
