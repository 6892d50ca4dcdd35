// Waiting nextEvent calls: woken by new events, and without a trace when they end.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf } from '../support/gateway.ts';
import { drain, leaving, makeKnown, next, read, subscribe } from './support.ts';

describeDatabases('a call of nextEvent that waits', (backend) => {
  const gateway = composedOnce(backend);

  test('gets the next event before its wait time ends', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const waiting = next(gateway(), id, null);
    await delay(30);
    const event = await gateway().send({ topic });
    expect((await waiting)?.id).toBe(event);
  });

  test('gets an event selected by a pattern, a sender or a filter', async () => {
    const topic = fresh('topic');
    await makeKnown(gateway(), topic);
    const inputs = [
      { topics: [`${topic}*`] },
      { source: topic },
      { topics: ['*'], where: `topic == '${topic}'` },
    ];
    for (const input of inputs) {
      const id = await subscribe(gateway(), input);
      const waiting = next(gateway(), id, 10_000);
      await delay(20);
      await gateway().send({ topic: fresh('other') });
      const event = await gateway().send({ topic, sender: topic });
      expect((await waiting)?.id).toBe(event);
    }
  });

  test('returns null if there is no event in time', async () => {
    const id = await subscribe(gateway(), { topics: [fresh('topic')] });
    expect(await next(gateway(), id, 50)).toBeNull();
  });

  test('is one of twenty, each of which gets one of twenty events', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const waiting = Array.from({ length: 20 }, () => next(gateway(), id, null));
    const events = await Promise.all(Array.from({ length: 20 }, () => gateway().send({ topic })));
    const got = await Promise.all(waiting);
    expect(got.map((one) => one?.id).sort()).toEqual(events.sort());
  });

  test('waits for several subscriptions, and returns the first event of any', async () => {
    const topics = [fresh('topic'), fresh('topic')];
    const ids = await Promise.all(topics.map((topic) => subscribe(gateway(), { topics: [topic] })));
    const waiting = next(gateway(), ids, null);
    await delay(20);
    const event = await gateway().send({ topic: topics[1]! });
    expect(await waiting).toMatchObject({ id: event, subscriptionId: ids[1] });
  });

  test('takes no event if its caller has disconnected', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const { caller, leave } = leaving();
    const gone = next(gateway(), id, null, caller);
    await delay(20);
    leave();
    expect(await gone).toBeNull();
    const event = await gateway().send({ topic });
    expect(await drain(gateway(), id)).toEqual([event]);
    expect(await next(gateway(), id, null, caller)).toBeNull();
  });

  test('fails when its subscription is deleted', async () => {
    const [id, other] = [
      await subscribe(gateway(), { topics: [fresh('topic')] }),
      await subscribe(gateway(), { topics: [fresh('topic')] }),
    ];
    const refused = refusalOf(next(gateway(), [other, id], null));
    await delay(20);
    await gateway().operations.unsubscribe(id);
    expect(await refused).toMatchObject({ code: 'NO_SUCH_SUBSCRIPTION', details: { subscriptionId: id } });
  });

  test('returns null when the gateway stops', async () => {
    const id = await subscribe(gateway(), { topics: [fresh('topic')] });
    const alone = await operationsOn(gateway().database);
    const waiting = next(alone, id, null);
    await delay(20);
    await alone.stop();
    expect(await waiting).toBeNull();
    expect(await refusalOf(next(alone, id))).toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  test('runs no statement for events of other subscriptions, and its position advances past them', async () => {
    const topic = fresh('topic');
    const database = countStatements(gateway().database);
    // The log tail reads the events of others. The test wakes it, because the embedded database has no notifications.
    const alone = await operationsOn(database);
    const id = await subscribe(alone, { topics: [`${topic}.*`] });
    const waiting = next(alone, id, null);
    await delay(50);
    await alone.send({ topic: fresh('other') });
    database.statements.length = 0;
    for (let n = 0; n < 5; n++) await alone.send({ topic: fresh('other') });
    await delay(50);
    expect(database.statements.filter((text) => /subscriptions|deliveries/.test(text))).toEqual([]);
    const last = await gateway().operations.position();
    await alone.stop();
    expect(await waiting).toBeNull();
    expect((await read(gateway(), id)).position).toBe(last);
  });

  test('is searched only for events that its filter may match or fail on', async () => {
    const topic = fresh('topic');
    const database = countStatements(gateway().database);
    const alone = await operationsOn(database);
    const where = `event_type == 'x' && data.method in ['GET', 'HEAD']`;
    const id = await subscribe(alone, { topics: [topic], where });
    const waiting = next(alone, id, null);
    const looks = () => database.statements.filter((text) => text.includes('log_end')).length;
    await expect.poll(looks).toBe(1);
    for (const [eventType, method] of [
      ['x', 'PUT'],
      ['y', 'GET'],
    ] as const) {
      const { position } = await alone.read(await alone.send({ topic, eventType, payload: { method } }));
      await expect.poll(() => alone.tail.position).toBe(position);
    }
    expect(looks()).toBe(1);
    await alone.send({ topic, eventType: 'x', payload: {} });
    await expect.poll(looks).toBe(2);
    const event = await alone.send({ topic, eventType: 'x', payload: { method: 'HEAD' } });
    expect((await waiting)?.id).toBe(event);
    await alone.stop();
    expect(await read(gateway(), id)).toMatchObject({ filterErrors: 1 });
  });
});

describePostgres('two gateways', (backend) => {
  const gateway = composedOnce(backend);

  test('wake each other, and report deleted subscriptions to each other', async () => {
    const other = await operationsOn(await backend.openAnother());
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const waiting = next(gateway(), id, null);
    await delay(50);
    const event = await other.send({ topic });
    expect((await waiting)?.id).toBe(event);
    const refused = refusalOf(next(gateway(), id, null));
    await delay(50);
    await other.operations.unsubscribe(id);
    expect(await refused).toMatchObject({ code: 'NO_SUCH_SUBSCRIPTION' });
    await other.stop();
  });

  test('with calls at both deliver each event to one of them', async () => {
    const other = await operationsOn(await backend.openAnother());
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const waiting = Array.from({ length: 20 }, (_, n) => next(n % 2 ? gateway() : other, id, null));
    const events = await Promise.all(Array.from({ length: 20 }, () => gateway().send({ topic })));
    const got = await Promise.all(waiting);
    expect(got.map((one) => one?.id).sort()).toEqual(events.sort());
    await other.stop();
  });
});
