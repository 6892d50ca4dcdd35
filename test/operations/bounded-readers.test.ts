// How many readers there may be: open subscriptions, durable subscriptions, consumers of jobs; and the end of unused ones.
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { newId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import { logStart } from '../../src/domain/jobs/enroll.ts';
import { checkSubscribe } from '../../src/domain/subscriptions/subscription.ts';
import { OpenSubscriptions } from '../../src/graphql/live/open-subscriptions.ts';
import { schema } from '../../src/graphql/schema.ts';
import { SharedSubscriptions } from '../../src/graphql/live/shared-subscriptions.ts';
import { openConsumer, savePosition } from '../../src/store/jobs/consumers.ts';
import { insertSubscription } from '../../src/store/subscriptions/subscriptions.ts';
import { describeDatabases } from '../support/database.ts';
import { composedForEach, refusalOf, tester } from '../support/gateway.ts';
import { enroll } from '../jobs/support.ts';

const most = { perKey: 2, inAll: 3 };

const draftOf = (id: string, owner: string) => ({
  ...{ id, definitionId: id, name: null, definition: '{}', target: 't', owner, key: null, rows: null },
  start: logStart,
});

describeDatabases('readers', (backend) => {
  const gateway = composedForEach(backend);

  const age = (days: number) =>
    gateway().database.query({
      text: `WITH positions AS (UPDATE consumer_positions SET used_at = now() - make_interval(days => $1))
          UPDATE consumers SET used_at = now() - make_interval(days => $1)`,
      values: [days],
    });

  test('that are open subscriptions are bounded by key and in all, and give back their room', async () => {
    const { operations, watching } = gateway();
    const open = new OpenSubscriptions(most);
    const shared = new SharedSubscriptions({ schema, operations, watching, report: () => '', open });
    const subscribe = async (name: string, query = 'subscription { eventFeed { kind } }') => {
      const caller = { ...tester, name };
      const results = await shared.subscribe({ document: parse(query), variables: {}, caller });
      if (!(Symbol.asyncIterator in results)) throw results.errors![0]!;
      return results;
    };
    const first = [await subscribe('a'), await subscribe('a')];
    expect((await refusalOf(subscribe('a'))).code).toBe('LIMIT_EXCEEDED');
    await subscribe('b', 'subscription { eventProgress { progress } }');
    expect((await refusalOf(subscribe('b'))).code).toBe('OVERLOADED');
    for (const results of first) await results.return!();
    expect(open.count).toBe(1);
    await subscribe('a');
    const wrong = 'subscription { eventFeed(after: "999") { kind } }';
    expect((await refusalOf(subscribe('a', wrong))).message).toContain('the log ends at');
    expect(open.count).toBe(2);
  });

  test('that are durable subscriptions are bounded by key and in all', async () => {
    const make = (owner: string) =>
      insertSubscription(gateway().database, { id: newId(), owner }, checkSubscribe({ topics: ['*'] }), most);
    for (const [owner, isFull] of [
      ['a', false],
      ['a', false],
      ['a', true],
      ['b', false],
      ['b', true],
    ] as const)
      expect(await make(owner)).toMatchObject({ isFull, subscription: isFull ? null : {} });
    const rows = Array.from({ length: limits.durableSubscriptionsPerKey });
    await gateway().database.query({
      text: `INSERT INTO subscriptions (id, position, created_at, used_at, expires_at, expires_after_days, visibility_ms, manual, topics, owner)
        SELECT gen_random_uuid(), 0, now(), now(), now() + interval '1 day', 1, 1000, false, '{*}', $2 FROM generate_series(1, $1)`,
      values: [rows.length, tester.name],
    });
    const refused = await refusalOf(gateway().operations.subscribe(tester, { topics: ['*'] }));
    expect(refused.code).toBe('LIMIT_EXCEEDED');
  });

  test('that are consumers of jobs are bounded by key and in all', async () => {
    const make = (id: string, owner: string) => openConsumer(gateway().database, draftOf(id, owner), most);
    await make('1', 'a');
    await make('2', 'a');
    expect((await refusalOf(make('3', 'a'))).code).toBe('LIMIT_EXCEEDED');
    expect(await make('2', 'a')).toMatchObject({ position: 0n });
    await make('3', 'b');
    expect((await refusalOf(make('4', 'b'))).code).toBe('LIMIT_EXCEEDED');
    await gateway().database.query({
      text: `INSERT INTO consumers (id, definition_id, target, targets, created_at, used_at, definition, owner)
        SELECT 'n' || n, 'n' || n, 't', '{t}', now(), now(), '{}', $2 FROM generate_series(1, $1) n`,
      values: [limits.consumersPerKey, tester.name],
    });
    expect((await refusalOf(enroll(gateway(), { targetTopic: 'new' }))).code).toBe('LIMIT_EXCEEDED');
  });

  test('that are consumers of jobs go when nobody has used them for 30 days, and not before', async () => {
    const { database, jobs } = gateway();
    const count = async () => (await database.query({ text: 'SELECT id FROM consumers', values: [] })).length;
    await gateway().send({ topic: 'source' });
    expect(await enroll(gateway(), { targetTopic: 'target' })).not.toBeNull();
    await age(limits.consumerDays + 1);
    // It was used since this gateway began.
    await jobs.tidy();
    expect(await count()).toBe(1);
    await age(limits.consumerDays - 1);
    await jobs.tidy();
    expect(await count()).toBe(1);
    await age(limits.consumerDays + 1);
    await jobs.tidy();
    expect(await count()).toBe(0);
  });

  test('that come back after a while count as used, by their position or by their opening', async () => {
    const { database } = gateway();
    const draft = draftOf('x', 'a');
    const days = async () =>
      (
        await database.query<{ days: number }>({
          text: `SELECT extract(day FROM now() - greatest(consumers.used_at, consumer_positions.used_at))::int4 AS days 
            FROM consumers JOIN consumer_positions ON consumer_id = id WHERE id = 'x'`,
          values: [],
        })
      )[0]!.days;
    for (const use of [() => openConsumer(database, draft, most), () => savePosition(database, 'x', 0, 9n)]) {
      await openConsumer(database, draft, most);
      await age(20);
      expect(await days()).toBe(20);
      await use();
      expect(await days()).toBe(0);
    }
  });
});
