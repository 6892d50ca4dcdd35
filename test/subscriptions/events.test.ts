// The subscription `subscriptionEvents`: the events of its subscribers, and their assignment among them.
import { type ExecutionResult, parse } from 'graphql';
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import type { Reader } from '../support/reader.ts';
import { drain, next, pass, read, subscribe, watchCalls } from './support.ts';

interface Pushed {
  readonly subscriptionEvents: {
    readonly subscriptionId: string;
    readonly position: string;
    readonly event: { readonly id: string };
  };
}

const query = `subscription($ids: [ID!]!) {
  subscriptionEvents(ids: $ids) { subscriptionId position event { id } } }`;

const unknown = '0195f000-0000-7000-8000-000000000000';

async function idsOf(reader: Reader<Pushed>, count: number): Promise<string[]> {
  return (await reader.take(count)).map(({ subscriptionEvents: { event } }) => event.id);
}

describeDatabases('subscriptionEvents', (backend) => {
  const gateway = composedOnce(backend);
  const open = (...ids: string[]) => gateway().subscribe<Pushed>(query, { ids });
  const send = (topic: string) => gateway().send({ topic });
  const sendMany = (topic: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => send(topic)));

  /** A subscriber that reads a result only on request. */
  async function openIdle(id: string): Promise<AsyncIterableIterator<ExecutionResult>> {
    const args = { document: parse(query), variables: { ids: [id] }, caller: tester };
    return (await gateway().sharedSubscriptions.subscribe(args)) as AsyncIterableIterator<ExecutionResult>;
  }

  test('yields the events of several subscriptions, oldest first, each with its subscription', async () => {
    const topics = [fresh('topic'), fresh('topic'), fresh('topic')];
    const ids = await Promise.all(topics.map((topic) => subscribe(gateway(), { topics: [topic] })));
    const order = [2, 0, 1, 1, 2, 0, 0, 2];
    const events: string[] = [];
    for (const n of order) events.push(await send(topics[n]!));
    const reader = await open(...ids);
    const got = (await reader.take(order.length)).map((item) => item.subscriptionEvents);
    expect(got.map(({ event }) => event.id)).toEqual(events);
    expect(got.map(({ subscriptionId }) => subscriptionId)).toEqual(order.map((n) => ids[n]));
    expect(got[0]!.position).toBe(String((await gateway().read(events[0]!)).position));
    const live = await send(topics[1]!);
    expect(await idsOf(reader, 1)).toEqual([live]);
    reader.stop();
  });

  test('delivers each event to exactly one of several identical subscribers', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const readers = await Promise.all([open(id), open(id), open(id)]);
    const events: string[] = [];
    const got: string[] = [];
    // One event per subscriber: each of them is waiting, so each gets one.
    for (let round = 0; round < 5; round++) {
      events.push(...(await sendMany(topic, 3)));
      for (const reader of readers) got.push(...(await idsOf(reader, 1)));
    }
    expect(got.sort()).toEqual(events.sort());
    for (const reader of readers) reader.stop();
    expect(await drain(gateway(), id)).toEqual([]);
  });

  test('shares events with nextEvent calls, in order of arrival', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const reader = await open(id);
    const waiting = next(gateway(), id, null);
    const events = await sendMany(topic, 2);
    expect([...(await idsOf(reader, 1)), (await waiting)?.id].sort()).toEqual(events.sort());
    reader.stop();
  });

  test('continues at its position when a subscriber reconnects', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const calls = watchCalls(gateway());
    const reader = await open(id);
    const first = await sendMany(topic, 3);
    expect((await idsOf(reader, 3)).sort()).toEqual(first.sort());
    reader.stop();
    await calls.until(0);
    const missed = [await send(topic), await send(topic)];
    const again = await open(id);
    expect(await idsOf(again, 2)).toEqual(missed);
    again.stop();
  });

  test('redelivers unacknowledged events with MANUAL, before newer ones', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL' });
    const [first, second] = [await send(topic), await send(topic)];
    const idle = await openIdle(id);
    const take = async () => {
      const { value } = await idle.next();
      return (value as { data: Pushed }).data.subscriptionEvents;
    };
    expect((await take()).event.id).toBe(first);
    await pass(gateway(), id);
    const again = await take();
    expect(again.event.id).toBe(first);
    await gateway().operations.acknowledge(id, again.position);
    await pass(gateway(), id);
    expect((await take()).event.id).toBe(second);
    await idle.return?.();
  });

  test('wakes for a redelivery while it waits', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL', visibilityMs: 1_000 });
    const event = await send(topic);
    const reader = await open(id);
    expect(await idsOf(reader, 2)).toEqual([event, event]);
    reader.stop();
  });

  test('takes an event only when its consumer requests one', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const events = [await send(topic), await send(topic), await send(topic)];
    const idle = await openIdle(id);
    await idle.next();
    expect((await read(gateway(), id)).position).toBe((await gateway().read(events[0]!)).position);
    expect(await drain(gateway(), id)).toEqual(events.slice(1));
    await idle.return?.();
  });

  test('takes nothing for a subscriber that leaves while waiting, and ends its call', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const calls = watchCalls(gateway());
    const idle = await openIdle(id);
    const pending = idle.next();
    await calls.until(1);
    await idle.return?.();
    expect(await pending).toEqual({ value: undefined, done: true });
    expect(calls.waiting).toBe(0);
    const event = await send(topic);
    expect(await drain(gateway(), id)).toEqual([event]);
    expect(await idle.next()).toEqual({ value: undefined, done: true });
  });

  test('ends with an error if one of its subscriptions is unsubscribed or does not exist', async () => {
    const [id, other] = [
      await subscribe(gateway(), { topics: [fresh('topic')] }),
      await subscribe(gateway(), { topics: [fresh('topic')] }),
    ];
    const calls = watchCalls(gateway());
    const reader = await open(other, id);
    await calls.until(1);
    await gateway().operations.unsubscribe(id);
    expect(await reader.ended()).toMatchObject({
      code: 'NO_SUCH_SUBSCRIPTION',
      details: { subscriptionId: id },
    });
    expect(await (await open(other, id)).ended()).toMatchObject({ code: 'NO_SUCH_SUBSCRIPTION' });
    expect(await (await open(unknown)).ended()).toMatchObject({ code: 'NO_SUCH_SUBSCRIPTION' });
    expect(calls.waiting).toBe(0);
  });

  test('refuses an empty list, too many ids and malformed ids', async () => {
    const refused = async (ids: string[]) => {
      const { message, extensions } = (await refusalOf(open(...ids))) as unknown as {
        message: string;
        extensions: { code: string };
      };
      return `${extensions.code}: ${message}`;
    };
    expect(await refused([])).toMatch(/^BAD_USER_INPUT: ids is empty/);
    expect(await refused(Array(101).fill(unknown))).toMatch(
      /^LIMIT_EXCEEDED: ids has 101 items; at most 100/,
    );
    expect(await refused(['x'])).toMatch(/^BAD_USER_INPUT: ids/);
  });

  test('does not complete when the gateway stops: its connection reports that', async () => {
    const id = await subscribe(gateway(), { topics: [fresh('topic')] });
    const alone = await operationsOn(gateway().database);
    const calls = watchCalls(alone);
    const reader = await alone.subscribe<Pushed>(query, { ids: [id] });
    let hasEnded = false;
    const ended = reader.ended().then(() => {
      hasEnded = true;
    });
    await calls.until(1);
    await alone.stop();
    expect(calls.waiting).toBe(0);
    expect(hasEnded).toBe(false);
    reader.stop();
    await ended;
  });
});
