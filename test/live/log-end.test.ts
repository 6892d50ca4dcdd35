// Positions after the end of the log: refused wherever one is given, as after a restore from a backup.
import { expect, test } from 'vitest';
import type { Position } from '../../src/domain/events/event.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedForEach, operationsOn, refusalOf, tester } from '../support/gateway.ts';

const taking: readonly (readonly [string, (gateway: Composed, after: string) => Promise<unknown>])[] = [
  ['subscribe', ({ operations }, after) => operations.subscribe(tester, { topics: ['*'], after })],
  [
    'eventFeed',
    async (gateway, after) => {
      const feed = 'subscription($after: Position) { eventFeed(after: $after) { position } }';
      await (await gateway.subscribe(feed, { after })).next();
    },
  ],
  [
    'eventStatus',
    async (gateway, after) => {
      const status =
        'subscription($after: Position) { eventStatus(requestId: "r", after: $after) { position } }';
      await (await gateway.subscribe(status, { after })).next();
    },
  ],
];

describeDatabases('a position after the end of the log', (backend) => {
  const gateway = composedForEach(backend);

  test.each(taking)('is refused by %s, which says where the log ends', async (_what, take) => {
    for (const sent of [0, 3]) {
      for (let n = 0; n < sent; n++) await gateway().send();
      const end = await gateway().operations.position();
      for (const after of [end + 1n, end + 100_000n, 2n ** 63n - 1n]) {
        const refusal = await refusalOf(take(gateway(), String(after)));
        expect(refusal.message).toContain(`after is ${after}, but the log ends at ${end}`);
      }
    }
  });

  test('is refused with BAD_USER_INPUT, and makes no subscription', async () => {
    const { operations } = gateway();
    const after = String((await operations.position()) + 1n);
    expect((await refusalOf(operations.subscribe(tester, { topics: ['*'], after }))).code).toBe(
      'BAD_USER_INPUT',
    );
    expect((await operations.subscriptions({})).rows).toEqual([]);
  });

  test('is another one than the end itself, from which a subscription goes on', async () => {
    await gateway().send();
    const after = await gateway().operations.position();
    const { position } = await gateway().operations.subscribe(tester, {
      topics: ['*'],
      after: String(after),
    });
    expect(position).toBe(after);
  });
});

describePostgres('a position that another gateway has acknowledged', (backend) => {
  test('is not after the end, although this gateway has not read that far', async () => {
    const here = await operationsOn(await backend.open());
    const there = await operationsOn(await backend.openAnother());
    const acknowledged = async (): Promise<Position> => {
      await there.send();
      return there.operations.position();
    };
    for (let n = 0; n < 5; n++) {
      const after = await acknowledged();
      const { position } = await here.operations.subscribe(tester, { topics: ['*'], after: String(after) });
      expect(position).toBe(after);
      const feed = 'subscription($after: Position) { eventFeed(after: $after) { position } }';
      const reader = await here.subscribe<{ eventFeed: { position: string } }>(feed, {
        after: String(await acknowledged()),
      });
      const next = await acknowledged();
      expect((await reader.next()).eventFeed.position).toBe(String(next));
      reader.stop();
    }
    for (const gateway of [here, there]) await gateway.stop();
  });
});
