// The choice of what to claim under a limit per key.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyRoom } from '../../src/jobs/consumers/key-room.ts';

interface Item {
  readonly key: string;
  readonly n: number;
}
const keyOf = ({ key }: Item) => key;

test('The room of keys goes to those that hold least, never beyond the limit, and each key keeps its order', () => {
  const key: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 30 }),
      fc.nat(12),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(key, fc.nat(6)), { maxLength: 4 }),
      (keys, count, most, before) => {
        const items = keys.map((of, n) => ({ key: of, n }));
        const held = new Map(before);
        const room = new KeyRoom(
          most,
          [...held].map(([of, number]) => ({ key: of, held: number })),
        );
        const chosen = room.choose(items, count, keyOf);
        const sizeOf = (list: readonly Item[], of: string) => list.filter((item) => item.key === of).length;
        const after = (of: string) => (held.get(of) ?? 0) + sizeOf(chosen, of);
        const free = [...new Set(keys)].map((of) =>
          Math.min(sizeOf(items, of), Math.max(0, most - (held.get(of) ?? 0))),
        );
        expect(chosen).toHaveLength(
          Math.min(
            count,
            free.reduce((sum, number) => sum + number, 0),
          ),
        );
        const passedOver = [...new Set(keys)].filter(
          (of) => sizeOf(chosen, of) < sizeOf(items, of) && after(of) < most,
        );
        for (const of of new Set(chosen.map(keyOf))) {
          expect(after(of)).toBeLessThanOrEqual(most);
          for (const other of passedOver) expect(after(of)).toBeLessThanOrEqual(after(other) + 1);
        }
        for (const of of new Set(keys)) {
          const numbers = chosen.filter((item) => item.key === of).map(({ n }) => n);
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
      },
    ),
  );
});

test('The room of a hundred thousand keys is given out in one step for each item', () => {
  const items = Array.from({ length: 100_000 }, (_, n) => ({ key: `k${n}`, n }));
  let steps = 0;
  const counting = (item: Item) => {
    steps += 1;
    return keyOf(item);
  };
  expect(new KeyRoom(2, []).choose(items, 1_000, counting)).toEqual(items.slice(0, 1_000));
  expect(steps).toBe(items.length);
});

test('Room that ready jobs take is not given to sources', () => {
  const room = new KeyRoom(2, [{ key: 'a', held: 1 }]).without(['a', 'b']);
  const items = ['a', 'b', 'b', 'c'].map((key, n) => ({ key, n }));
  expect(room.choose(items, 9, keyOf).map(keyOf)).toEqual(['c', 'b']);
});
