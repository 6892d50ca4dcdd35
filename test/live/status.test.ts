// Watching the statuses of some events and their progress, and sharing one execution among those who watch the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChangeKind, EventStatus } from '../../src/domain/events/event.ts';
import { type CountingDatabase, countStatements, describeDatabases } from '../support/database.ts';
import { type Composed, fresh, operationsOn } from '../support/gateway.ts';

interface Change {
  readonly position: string;
  readonly kind: ChangeKind;
  readonly status: EventStatus;
  readonly event: { readonly id: string };
}

interface Progress {
  readonly eventId: string;
  readonly requestId: string | null;
  readonly topic: string;
  readonly progress: number;
  readonly description: string | null;
}

const unknownId = '00000000-0000-4000-8000-000000000000';

const statusQuery = `subscription ($ids: [ID!], $requestId: String, $after: Position) {
  eventStatus(ids: $ids, requestId: $requestId, after: $after) { position kind status event { id } } }`;

const progressQuery = `subscription ($ids: [ID!], $requestId: String, $topics: [String!]) {
  eventProgress(ids: $ids, requestId: $requestId, topics: $topics) { eventId requestId topic progress description } }`;

/** One gateway on a database that counts. */
function countedOnce(open: () => Promise<Composed['database']>) {
  let database: CountingDatabase;
  let gateway: Composed;
  beforeAll(async () => {
    database = countStatements(await open());
    gateway = await operationsOn(database);
  });
  afterAll(() => gateway.stop());
  return { gateway: () => gateway, database: () => database };
}

/** The code that a subscription is refused with; fails where it is taken. */
async function codeOfRefusal(subscribing: Promise<unknown>): Promise<unknown> {
  const error = await subscribing.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: { extensions?: { code?: unknown } }) => error,
  );
  return error.extensions?.code;
}

describeDatabases('The status of events', (backend) => {
  const { gateway } = countedOnce(() => backend.open());
  const watch = (variables: object) =>
    gateway().subscribe<{ eventStatus: Change }>(statusQuery, { ...variables });
  const start = (input: object = {}) => gateway().send({ finished: false, ...input });
  const change = (id: string, status: EventStatus) =>
    gateway().operations.updateEvent(gateway().caller, { id, status });

  const shown = ({ kind, status, event }: Change) => `${event.id} ${kind} ${status}`;
  type Feed = Awaited<ReturnType<typeof watch>>;
  const taken = async (feed: Feed, count: number) =>
    (await feed.take(count)).map(({ eventStatus }) => shown(eventStatus));

  /** What the log has of statuses of these events, with positions. */
  async function logged(column: 'event_id' | 'request_id', value: string): Promise<Change[]> {
    const text = `SELECT position::text, kind, status, json_build_object('id', event_id) AS event
      FROM log WHERE ${column} = $1 AND kind IN ('CREATED', 'STATUS', 'DELETED') ORDER BY log.position`;
    return gateway().database.query<Change>({ text, values: [value] });
  }

  test('comes at once as it is, then with each change, and of no other event or change', async () => {
    const [first, second, other] = [await start(), await start(), await start()];
    await change(second, 'IN_PROGRESS');
    const feed = await watch({ ids: [first, second] });
    expect((await taken(feed, 2)).sort()).toEqual(
      [`${first} STATUS PENDING`, `${second} STATUS IN_PROGRESS`].sort(),
    );
    await change(other, 'FINISHED');
    await gateway().operations.updateEvent(gateway().caller, { id: first, description: 'of its content' });
    await change(first, 'IN_PROGRESS');
    await change(second, 'FAILED');
    await change(second, 'RESTARTED');
    await gateway().operations.deleteEvent(gateway().caller, first);
    expect(await taken(feed, 4)).toEqual([
      `${first} STATUS IN_PROGRESS`,
      `${second} STATUS FAILED`,
      `${second} STATUS RESTARTED`,
      `${first} DELETED IN_PROGRESS`,
    ]);
    feed.stop();
  });

  test('of a request comes for the events that it has, and for those to come', async () => {
    const requestId = fresh('request');
    const early = [await start({ requestId }), await start({ requestId })];
    await start();
    const feed = await watch({ requestId });
    expect(await taken(feed, 2)).toEqual(early.map((id) => `${id} STATUS PENDING`));
    const late = await start({ dependsOn: early[0] });
    await change(late, 'FINISHED');
    await change(early[1]!, 'ABORTED');
    expect(await taken(feed, 3)).toEqual([
      `${late} CREATED PENDING`,
      `${late} STATUS FINISHED`,
      `${early[1]} STATUS ABORTED`,
    ]);
    feed.stop();
  });

  test('of a request without events begins with its first one', async () => {
    const requestId = fresh('request');
    const feed = await watch({ requestId });
    const id = await start({ requestId });
    expect(await taken(feed, 1)).toEqual([`${id} CREATED PENDING`]);
    feed.stop();
  });

  test('has no gap and no repeat for those who begin to watch while it changes', async () => {
    const id = await start();
    const feeds: Promise<Feed>[] = [];
    for (let n = 0; n < 20; n++) {
      feeds.push(watch({ ids: [id] }));
      await change(id, n % 2 === 0 ? 'IN_PROGRESS' : 'PENDING');
    }
    await Promise.all(feeds);
    await change(id, 'FINISHED');
    const whole = await logged('event_id', id);
    for (const feed of await Promise.all(feeds)) {
      const changes = (await feed.until(({ eventStatus }) => eventStatus.status === 'FINISHED')).map(
        ({ eventStatus }) => eventStatus,
      );
      const from = whole.findIndex(({ position }) => position === changes[0]!.position);
      const expected = whole.slice(from).map((entry) => [entry.position, entry.status]);
      expect(changes.map(({ position, status }) => [position, status])).toEqual(expected);
      feed.stop();
    }
  });

  test.each(['ids', 'requestId'] as const)(
    'goes on after any position without a gap or a repeat, by %s',
    async (by) => {
      const requestId = fresh('request');
      const id = await start({ requestId });
      for (let n = 0; n < 6; n++) await change(id, n % 2 === 0 ? 'IN_PROGRESS' : 'PENDING');
      const before = await logged('request_id', requestId);
      const which = by === 'ids' ? { ids: [id] } : { requestId };
      const feeds = await Promise.all(before.map(({ position }) => watch({ ...which, after: position })));
      await change(id, 'IN_PROGRESS');
      await change(id, 'FINISHED');
      const whole = await logged('request_id', requestId);
      for (const [n, feed] of feeds.entries()) {
        const expected = whole.slice(n + 1);
        const changes = (await feed.take(expected.length)).map(({ eventStatus }) => eventStatus);
        expect(changes).toEqual(expected);
        feed.stop();
      }
    },
  );

  test('is refused for an event that is not there, naming it', async () => {
    const id = await start();
    for (const ids of [[unknownId], [id, unknownId]]) {
      const refused = watch({ ids });
      expect(await codeOfRefusal(refused)).toBe('NOT_FOUND');
      await expect(refused).rejects.toThrow(unknownId);
    }
  });

  test('is refused without ids and a request, and with both', async () => {
    const id = await start();
    for (const variables of [{}, { ids: null, requestId: null }, { ids: [id], requestId: 'r' }]) {
      expect(await codeOfRefusal(watch(variables))).toBe('BAD_USER_INPUT');
    }
  });
});

describeDatabases('The progress of events', (backend) => {
  const { gateway, database } = countedOnce(() => backend.open());
  const watch = (variables: object) =>
    gateway().subscribe<{ eventProgress: Progress }>(progressQuery, { ...variables });
  const report = (id: string, progress: number, more: object = {}) =>
    gateway().operations.updateEvent(gateway().caller, { id, progress, ...more });
  const numbers = async (feed: Awaited<ReturnType<typeof watch>>, count: number) =>
    (await feed.take(count)).map(({ eventProgress }) => eventProgress.progress);

  test('comes to those who watch by ids, by request and by topics, and to nobody else', async () => {
    const [requestId, other] = [fresh('request'), fresh('request')];
    const first = await gateway().send({ topic: 'build.web', requestId, finished: false });
    const second = await gateway().send({ topic: 'build.app', requestId, finished: false });
    const third = await gateway().send({ topic: 'deploy', requestId: other, finished: false });
    const feeds = {
      ids: await watch({ ids: [first, third] }),
      requestId: await watch({ requestId }),
      topic: await watch({ topics: ['deploy'] }),
      pattern: await watch({ topics: ['build.*'] }),
      both: await watch({ requestId, topics: ['build.app', 'deploy'] }),
      all: await watch({}),
    };
    for (const [n, id] of [first, second, third, first, second, third].entries()) await report(id, n);
    expect(await numbers(feeds.all, 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await numbers(feeds.ids, 4)).toEqual([0, 2, 3, 5]);
    expect(await numbers(feeds.requestId, 4)).toEqual([0, 1, 3, 4]);
    expect(await numbers(feeds.topic, 2)).toEqual([2, 5]);
    expect(await numbers(feeds.pattern, 4)).toEqual([0, 1, 3, 4]);
    expect(await numbers(feeds.both, 2)).toEqual([1, 4]);
    // Were there something else, it would stand before this one.
    for (const id of [first, second, third]) await report(id, 99);
    for (const feed of Object.values(feeds)) {
      expect(await numbers(feed, 1)).toEqual([99]);
      feed.stop();
    }
  });

  test('tells the event, its topic and request, and what goes on', async () => {
    const requestId = fresh('request');
    const id = await gateway().send({ topic: 'build', requestId, finished: false });
    const feed = await watch({ ids: [id] });
    await report(id, 12.5, { description: 'linking' });
    expect((await feed.next()).eventProgress).toEqual({
      eventId: id,
      requestId,
      topic: 'build',
      progress: 12.5,
      description: 'linking',
    });
    feed.stop();
  });

  test('is on the event, and writes no row', async () => {
    const id = await gateway().send({ finished: false });
    const shown = async () =>
      (
        await gateway().ask<any>(
          'query ($id: ID!) { event(id: $id) { progress position status updatedAt history { to } } }',
          { id },
        )
      ).data.event;
    const before = await shown();
    expect(before.progress).toBeNull();
    const end = await gateway().operations.position();
    database().statements.length = 0;
    for (const progress of [0, 50, 100]) {
      await report(id, progress);
      expect(await shown()).toEqual({ ...before, progress });
    }
    expect(database().statements.filter((text) => /\b(INSERT|UPDATE|DELETE)\b/.test(text))).toEqual([]);
    expect(await gateway().operations.position()).toBe(end);
  });

  test('goes along with a change that is written', async () => {
    const id = await gateway().send({ finished: false });
    const progress = await watch({ ids: [id] });
    const statuses = await gateway().subscribe<{ eventStatus: Change }>(statusQuery, { ids: [id] });
    await report(id, 10, { status: 'IN_PROGRESS' });
    expect(await numbers(progress, 1)).toEqual([10]);
    const changes = await statuses.take(2);
    expect(changes.map(({ eventStatus }) => eventStatus.status)).toEqual(['PENDING', 'IN_PROGRESS']);
    progress.stop();
    statuses.stop();
  });
});

describeDatabases('Subscribers of one operation', (backend) => {
  const { gateway, database } = countedOnce(() => backend.open());
  const feedQuery = `subscription ($topics: [String!]) {
    eventFeed(filter: { topics: $topics }) { kind event { payload } } }`;
  const payloadReads = () => database().statements.filter((text) => /\be\.payload\b/.test(text));
  interface Feed {
    readonly eventFeed: { readonly kind: ChangeKind; readonly event: { readonly payload: { n: number } } };
  }

  /** Sends, each when the one before has reached everybody, and answers how many reads of payloads that took. */
  async function readsFor(feeds: Awaited<ReturnType<typeof open>>, topic: string, sends: number) {
    database().statements.length = 0;
    for (let n = 0; n < sends; n++) {
      await gateway().send({ topic, payload: { n } });
      for (const feed of feeds) {
        expect((await feed.next()).eventFeed).toEqual({ kind: 'CREATED', event: { payload: { n } } });
      }
    }
    return payloadReads().length;
  }

  const open = (topics: readonly string[][]) =>
    Promise.all(topics.map((list) => gateway().subscribe<Feed>(feedQuery, { topics: list })));

  describe('with the same variables', () => {
    test('share one execution: each change is read once for two as for ten', async () => {
      for (const subscribers of [2, 10]) {
        const topic = fresh('shared');
        const feeds = await open(Array.from({ length: subscribers }, () => [topic]));
        expect(await readsFor(feeds, topic, 5)).toBe(5);
        for (const feed of feeds) feed.stop();
      }
    });

    test('go on when some of them leave, and when all have left and others come', async () => {
      const topic = fresh('shared');
      const [first, second, third] = await open([[topic], [topic], [topic]]);
      expect(await readsFor([first!, second!, third!], topic, 1)).toBe(1);
      first!.stop();
      expect(await readsFor([second!, third!], topic, 1)).toBe(1);
      second!.stop();
      third!.stop();
      const again = await open([[topic], [topic]]);
      expect(await readsFor(again, topic, 1)).toBe(1);
      for (const feed of again) feed.stop();
    });
  });

  describe('with other variables', () => {
    test('share what they select of a change that both get: it is read once', async () => {
      const [topic, other] = [fresh('shared'), fresh('other')];
      const feeds = await open([[topic], [topic, other]]);
      expect(await readsFor(feeds, topic, 3)).toBe(3);
      for (const feed of feeds) feed.stop();
    });
  });
});
