// Feeds with conditions: the same live as replayed, and summaries and payloads are read only while somebody looks at them.
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import type { Database, Statement } from '../../src/database/database.ts';
import { checkConditions, type ConditionsInput } from '../../src/domain/conditions/check-conditions.ts';
import { conditionsMatch } from '../../src/domain/conditions/match-conditions.ts';
import type { JsonObject } from '../../src/domain/values/json.ts';
import { LogTail } from '../../src/log/tail.ts';
import type { LogRow } from '../../src/store/events/read-log.ts';
import { anyConditions, anyEvent } from '../domain/conditions/condition-cases.ts';
import { type CountingDatabase, countStatements, describeDatabases } from '../support/database.ts';
import { forwarding } from '../support/forwarding.ts';
import { type Composed, operationsOn, tester } from '../support/gateway.ts';

interface Change {
  readonly kind: string;
  readonly status: string;
  readonly event: { readonly id: string; readonly payload: JsonObject };
}

const query = `subscription ($filter: EventFilter, $after: Position) {
  eventFeed(filter: $filter, after: $after) { kind status event { id payload } } }`;

describeDatabases('A feed with conditions', (backend) => {
  let database: CountingDatabase;
  let gateway: Composed;
  beforeAll(async () => {
    database = countStatements(await backend.open());
    gateway = await operationsOn(database);
  });
  afterAll(() => gateway.stop());

  const position = async () => String(await gateway.operations.position());
  /** Also selects events of the topic `last`, by which the end is known. */
  const orLast = (nested: ConditionsInput): ConditionsInput => ({
    operator: 'OR',
    conditions: [{ nested }, { key: 'topic', value: 'last' }],
  });
  const watch = (input: ConditionsInput, after?: string) =>
    gateway.subscribe<{ eventFeed: Change }>(query, {
      filter: { conditions: orLast(input) },
      ...(after !== undefined && { after }),
    });
  type Feed = Awaited<ReturnType<typeof watch>>;
  async function rest(feed: Feed, last: string): Promise<Change[]> {
    const changes = await feed.until(({ eventFeed }) => eventFeed.event.id === last);
    feed.stop();
    return changes.slice(0, -1).map(({ eventFeed }) => eventFeed);
  }

  /** What it shows live and what a replay of it shows. */
  async function bothWays(
    input: ConditionsInput,
    make: () => Promise<unknown>,
  ): Promise<[Change[], Change[]]> {
    const after = await position();
    const live = await watch(input);
    await make();
    const last = await gateway.send({ topic: 'last' });
    return [await rest(live, last), await rest(await watch(input, after), last)];
  }

  const one = (key: string, comparison: 'EQ' | 'NE' | 'GT' | 'ISNULL', value?: unknown): ConditionsInput => ({
    conditions: [{ key, comparison, value }],
  });
  const shown = (changes: readonly Change[]) =>
    changes.map(({ kind, status, event }) => `${kind} ${status} ${JSON.stringify(event.payload)}`);

  test.each<[string, ConditionsInput, string[]]>([
    ['a path', one('payload/n', 'GT', 1), ['CREATED PENDING {"n":2}']],
    ['a path that is missing', one('payload/n', 'ISNULL'), ['CREATED FINISHED {}']],
    ['the summary', one('summary/s', 'EQ', 'x'), ['CREATED FINISHED {"n":1}']],
    ['a field', one('senderType', 'EQ', 'bot'), ['CREATED PENDING {"n":2}']],
    [
      'a path in OR',
      {
        operator: 'OR',
        conditions: [
          { key: 'payload/n', value: 1 },
          { key: 'senderType', value: 'bot' },
        ],
      },
      ['CREATED FINISHED {"n":1}', 'CREATED PENDING {"n":2}'],
    ],
  ])('on %s shows what they select, live as replayed', async (_what, input, expected) => {
    const [live, replayed] = await bothWays(input, async () => {
      await gateway.send({ payload: { n: 1 }, summary: { s: 'x' } });
      await gateway.send({ payload: { n: 2 }, senderType: 'bot', finished: false });
      await gateway.send();
    });
    expect(shown(live)).toEqual(expected);
    expect(replayed).toEqual(live);
  });

  test('shows an event from the moment that its payload is selected', async () => {
    let id = '';
    const [live] = await bothWays(one('payload/ready', 'EQ', true), async () => {
      id = await gateway.send({ payload: { ready: false }, finished: false });
      // What another feed has seen, this one has decided on, by what the event was then.
      const beside = await watch(one('topic', 'EQ', 'none'));
      await rest(beside, await gateway.send({ topic: 'last' }));
      await gateway.operations.updateEvent(gateway.caller, { id, payload: { ready: true } });
    });
    expect(live.filter(({ event }) => event.id === id).map(({ kind }) => kind)).toEqual(['UPDATED']);
  });

  test('goes by the status, project and user as they were after each change', async () => {
    const makeOne = async () => {
      const id = await gateway.send({ finished: false, project: 'p', payload: { one: 1 } });
      await gateway.operations.updateEvent(gateway.caller, { id, status: 'FINISHED', project: 'q' });
    };
    for (const [key, value] of [
      ['status', 'FINISHED'],
      ['project', 'q'],
    ] as const) {
      const input = {
        conditions: [...one(key, 'NE', value).conditions, ...one('payload/one', 'EQ', 1).conditions],
      };
      const [live, replayed] = await bothWays(input, makeOne);
      expect(shown(live)).toEqual(['CREATED PENDING {"one":1}']);
      expect(replayed).toEqual(live);
    }
  });

  test('knows of a deleted event what the log knows, live as replayed', async () => {
    const make = async () => {
      const id = await gateway.send({ payload: { n: 1 }, user: 'ann', topic: 'deleted' });
      await gateway.operations.deleteEvent(gateway.caller, id);
    };
    const input = (key: string) => ({
      conditions: [
        { key, comparison: 'ISNULL' as const },
        { key: 'topic', value: 'deleted' },
      ],
    });
    for (const key of ['payload/n', 'senderType']) {
      const [live, replayed] = await bothWays(input(key), make);
      expect(shown(live)).toContain('DELETED FINISHED {}');
      expect(shown(replayed)).toContain('DELETED FINISHED {}');
    }
    expect(await bothWays(input('user'), make)).toEqual([[], []]);
  });

  test('shows fire-and-forget events that they select', async () => {
    const feed = await watch(one('payload/n', 'EQ', 1));
    for (const n of [0, 1])
      await gateway.operations.sendEvent(gateway.caller, { topic: 'a', payload: { n }, store: false });
    const { eventFeed } = await feed.next();
    feed.stop();
    expect(eventFeed).toMatchObject({ kind: 'TRANSIENT', event: { payload: { n: 1 } } });
  });

  test('shows, live and replayed, just the events for which the conditions hold', async () => {
    const plan = fc.record({
      conditions: fc.array(anyConditions, { minLength: 5, maxLength: 5 }),
      events: fc.array(anyEvent, { minLength: 20, maxLength: 20, size: 'max' }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ conditions, events }) => {
        const after = await position();
        const feeds = await Promise.all(conditions.map((input) => watch(input)));
        const sent = await gateway.operations.sendEvents(
          gateway.caller,
          events.map(({ summary, payload, sender, user, description, status }) => ({
            topic: 'random',
            ...{ summary, payload, description, finished: status === 'FINISHED' },
            ...{ sender: sender || null, user: user || null },
          })),
        );
        const last = await gateway.send({ topic: 'last' });
        const records = await Promise.all(sent.events.map((event) => gateway.read(event!.id)));
        for (const [n, input] of conditions.entries()) {
          const checked = checkConditions(input);
          const expected = records.filter((event) => checked === null || conditionsMatch(checked, event));
          const ids = expected.map(({ id }) => id);
          const idsOf = (changes: Change[]) => changes.map(({ event }) => event.id);
          expect({ input, ids: idsOf(await rest(feeds[n]!, last)) }).toEqual({ input, ids });
          expect({ input, ids: idsOf(await rest(await watch(input, after), last)) }).toEqual({ input, ids });
        }
      }),
      { numRuns: 8 },
    );
  });

  describe('reads summaries and payloads', () => {
    const heavy = () =>
      database.statements.filter((text) => /FROM log/.test(text) && /e\.payload\b/.test(text));
    const lightReads = () =>
      database.statements.filter((text) => /FROM log g/.test(text) && !/e\.payload\b/.test(text));

    test('only while one watches whose conditions are on them', async () => {
      const plainFeed = await watch(one('senderType', 'EQ', 'bot'));
      database.statements.length = 0;
      const first = await gateway.send({ topic: 'last' });
      await plainFeed.until(({ eventFeed }) => eventFeed.event.id === first);
      expect([heavy().length, lightReads().length > 0]).toEqual([0, true]);
      const feed = await watch(one('payload/n', 'EQ', 1));
      database.statements.length = 0;
      const second = await gateway.send({ topic: 'last' });
      await rest(feed, second);
      expect([heavy().length > 0, lightReads().length]).toEqual([true, 0]);
      await plainFeed.until(({ eventFeed }) => eventFeed.event.id === second);
      await delay(50);
      database.statements.length = 0;
      const third = await gateway.send({ topic: 'last' });
      await rest(plainFeed, third);
      expect([heavy().length, lightReads().length > 0]).toEqual([0, true]);
    });

    test('to replay only where they are looked at', async () => {
      const after = await position();
      const last = await gateway.send({ topic: 'last', payload: { n: 1 } });
      database.statements.length = 0;
      await rest(await watch(one('senderType', 'EQ', 'bot'), after), last);
      expect(heavy()).toEqual([]);
      await rest(await watch(one('payload/n', 'EQ', 1), after), last);
      expect(heavy().length).toBeGreaterThan(0);
    });

    test('again where the wish for them came up while rows were read without, and hands out no row twice', async () => {
      let wanted = false;
      const slow = duringLogReads(gateway.database, () => {
        wanted = true;
      });
      const delivered: LogRow[] = [];
      const tail = new LogTail(slow, {
        ownHint: '',
        logger: createLogger('silent'),
        pollMs: 0,
        isJsonWanted: () => wanted,
        onRow: (row) => delivered.push(row),
      });
      const release = await tail.hold();
      const ids = [];
      for (let n = 0; n < 3; n++) ids.push(await gateway.send({ payload: { n } }));
      tail.wake();
      while (delivered.length < 3) await delay(5);
      release();
      await tail.stop();
      expect(delivered.map(({ event }) => [event?.id, event?.payload])).toEqual(
        ids.map((id, n) => [id, { n }]),
      );
    });

    test('for the conditions alone: no change that waits for its watcher holds them', async () => {
      const changes = await gateway.watching
        .live(tester)
        .feed({ filter: { conditions: one('payload/n', 'EQ', 1) } });
      const release = await gateway.watching.hold();
      const id = await gateway.send({ payload: { n: 1 }, summary: { s: 1 } });
      for await (const { event } of changes) {
        expect(event).toMatchObject({ id, topic: 'test' });
        expect(event).not.toHaveProperty('payload');
        expect(event).not.toHaveProperty('summary');
        break;
      }
      release();
    });

    test('in as many batches as it takes', async () => {
      const delivered: LogRow[] = [];
      const tail = new LogTail(gateway.database, {
        ownHint: '',
        logger: createLogger('silent'),
        pollMs: 0,
        isJsonWanted: () => true,
        onRow: (row) => delivered.push(row),
      });
      const after = await position();
      const release = await tail.hold();
      const input = Array.from({ length: 250 }, (_, n) => ({ topic: 'many', payload: { n } }));
      await gateway.operations.sendEvents(gateway.caller, input);
      const last = await gateway.send({ topic: 'last' });
      tail.wake();
      while (delivered.length < 251) await delay(5);
      release();
      await tail.stop();
      expect(delivered.slice(0, 250).map(({ event }) => event?.payload)).toEqual(
        input.map(({ payload }) => payload),
      );
      const replayed = await rest(await watch(one('payload/n', 'GT', -1), after), last);
      expect(replayed.map(({ event }) => event.payload)).toEqual(input.map(({ payload }) => payload));
    });
  });
});

/** Does something while the log is being read, after the rows are known. */
function duringLogReads(database: Database, meanwhile: () => void): Database {
  return forwarding(database, {
    query: async <Row extends object>(statement: Statement) => {
      const rows = await database.query<Row>(statement);
      if (/FROM log g/.test(statement.text)) meanwhile();
      return rows;
    },
  });
}
