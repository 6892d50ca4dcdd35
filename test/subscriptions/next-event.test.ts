// nextEvent of durable subscriptions: which events are delivered, in what order, and to which call.
import { expect, test } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { drain, makeKnown, next, read, subscribe } from './support.ts';

describeDatabases('a durable subscription', (backend) => {
  const gateway = composedOnce(backend);
  const send = (topic: string, more: object = {}) => gateway().send({ topic, ...more });

  test('yields each event once, in order, from its creation on', async () => {
    const topic = fresh('topic');
    await send(topic);
    const id = await subscribe(gateway(), { topics: [topic] });
    const [first, second] = [await send(topic), await send(topic)];
    await send(fresh('other'));
    expect(await drain(gateway(), id)).toEqual([first, second]);
    expect(await next(gateway(), id)).toBeNull();
  });

  test('returns the position of the event', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const event = await send(topic);
    const { position } = await gateway().read(event);
    expect(await next(gateway(), id)).toEqual({ subscriptionId: id, position, id: event });
    expect((await read(gateway(), id)).position).toBe(position);
  });

  test('yields the whole log after position 0, or the events after a given position', async () => {
    const topic = fresh('topic');
    const events = [await send(topic), await send(topic), await send(topic)];
    const { position } = await gateway().read(events[0]!);
    expect(await drain(gateway(), await subscribe(gateway(), { topics: [topic], after: '0' }))).toEqual(
      events,
    );
    const later = await subscribe(gateway(), { topics: [topic], after: String(position) });
    expect(await drain(gateway(), later)).toEqual(events.slice(1));
  });

  test('yields every event sent after it was created, also before the first nextEvent', async () => {
    const topic = fresh('topic');
    const before = Promise.all(Array.from({ length: 20 }, () => send(topic)));
    const id = await subscribe(gateway(), { topics: [topic] });
    const after = await Promise.all(Array.from({ length: 20 }, () => send(topic)));
    await before;
    expect(await drain(gateway(), id)).toEqual(expect.arrayContaining(after));
  });

  test('yields a job or a pending event once, at its creation, whatever its later status', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], where: `status == 'PENDING'` });
    const event = await send(topic, { finished: false });
    await gateway().operations.updateEvent(tester, { id: event, status: 'IN_PROGRESS' });
    await gateway().operations.updateEvent(tester, { id: event, status: 'FINISHED' });
    await send(topic);
    expect(await drain(gateway(), id)).toEqual([event]);
  });

  test('skips events that were deleted before the call', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const [first, second, third] = [await send(topic), await send(topic), await send(topic)];
    expect((await next(gateway(), id))?.id).toBe(first);
    await gateway().operations.deleteEvent(tester, second);
    expect(await drain(gateway(), id)).toEqual([third]);
  });

  test('accepts topic patterns, a sender, or both', async () => {
    const [a, b, sender] = [fresh('part'), fresh('part'), fresh('sender')];
    await makeKnown(gateway(), sender);
    const byPattern = await subscribe(gateway(), { topics: [`${a}.*`, b] });
    const bySender = await subscribe(gateway(), { source: sender });
    const byBoth = await subscribe(gateway(), { source: sender, topics: [b] });
    const patterned = await subscribe(gateway(), { source: sender, topics: [`${a}.*`] });
    const below = await send(`${a}.x.y`, { sender });
    const plain = await send(b);
    const own = await send(b, { sender });
    await send(a);
    expect(await drain(gateway(), byPattern)).toEqual([below, plain, own]);
    expect(await drain(gateway(), bySender)).toEqual([below, own]);
    expect(await drain(gateway(), byBoth)).toEqual([own]);
    expect(await drain(gateway(), patterned)).toEqual([below]);
  });

  test('applies its filter to the payload, besides the pre-filter in SQL', async () => {
    const topic = fresh('topic');
    const where = `event_type == 'x' && data.method in ['GET', 'HEAD'] && data.path.endsWith('/meow')`;
    const id = await subscribe(gateway(), { topics: [topic], where });
    const payload = { method: 'GET', path: '/a/meow' };
    const event = await send(topic, { eventType: 'x', payload });
    await send(topic, { eventType: 'y', payload });
    await send(topic, { eventType: 'x', payload: { ...payload, method: 'POST' } });
    await send(topic, { eventType: 'x', payload: { ...payload, path: '/' } });
    const last = await send(topic, { eventType: 'x', payload });
    expect(await drain(gateway(), id)).toEqual([event, last]);
    expect((await read(gateway(), id)).filterErrors).toBe(0);
  });

  test('counts each event on which its filter fails once, with the error', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], where: `data.n == 1` });
    await send(topic);
    const event = await send(topic, { payload: { n: 1 } });
    await send(topic, { payload: { n: 2 } });
    await send(topic);
    expect((await next(gateway(), id))?.id).toBe(event);
    expect(await next(gateway(), id)).toBeNull();
    expect(await next(gateway(), id)).toBeNull();
    expect(await read(gateway(), id)).toMatchObject({
      filterErrors: 2,
      lastFilterError: expect.stringMatching(/^line 1, column \d+: .*n/),
    });
  });

  test('of several in one call, the one with the oldest event answers', async () => {
    const topics = [fresh('topic'), fresh('topic'), fresh('topic')];
    const ids = await Promise.all(topics.map((topic) => subscribe(gateway(), { topics: [topic] })));
    const order = [2, 0, 1, 1, 2, 0];
    const events: string[] = [];
    for (const n of order) events.push(await send(topics[n]!));
    const got = [];
    for (const _ of order) got.push(await next(gateway(), ids));
    expect(got.map((one) => one?.id)).toEqual(events);
    expect(got.map((one) => one?.subscriptionId)).toEqual(order.map((n) => ids[n]));
  });

  test('delivers no event to two callers', async () => {
    const topic = fresh('topic');
    const ids = [
      await subscribe(gateway(), { topics: [topic] }),
      await subscribe(gateway(), { topics: [topic] }),
    ];
    const events = await Promise.all(Array.from({ length: 10 }, () => send(topic)));
    const got = await Promise.all(Array.from({ length: 24 }, () => next(gateway(), ids)));
    const pairs = got.flatMap((one) => (one ? [`${one.subscriptionId} ${one.id}`] : []));
    expect(new Set(pairs).size).toBe(20);
    expect(pairs.length).toBe(20);
    expect(new Set(got.flatMap((one) => one?.id ?? []))).toEqual(new Set(events));
  });

  test('continues at its position after a restart', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const [first, second] = [await send(topic), await send(topic)];
    expect((await next(gateway(), id))?.id).toBe(first);
    const another = await operationsOn(gateway().database);
    expect(await drain(another, id)).toEqual([second]);
    await another.stop();
    expect(await next(gateway(), id)).toBeNull();
  });

  test('with few matches in a long log reads on until the search is complete', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [`${topic}*`], where: `data.n == 1` });
    const many = Array.from({ length: 700 }, (_, n) => ({ topic, payload: { n: n === 650 ? 1 : 0 } }));
    const { events } = await gateway().operations.sendEvents(tester, many);
    expect(await drain(gateway(), id)).toEqual([events[650]?.id]);
  });

  const wrong: [string, object, RegExp][] = [
    ['neither source nor topics', {}, /Give a source, topics, or both/],
    ['no topics', { topics: [] }, /topics is empty/],
    ['a bad topic', { topics: ['a b'] }, /not a topic pattern/],
    ['a short visibility', { topics: ['*'], visibilityMs: 999 }, /visibilityMs is 999; 1000 to 3600000/],
    ['a long life', { topics: ['*'], expiresAfterDays: 3_651 }, /expiresAfterDays is 3651; 1 to 3650/],
    ['a bad position', { topics: ['*'], after: 'x' }, /not a log position/],
  ];
  test.each(wrong)('with %s is refused', async (_what, input, message) => {
    const refused = await refusalOf(subscribe(gateway(), input));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) });
  });

  test('with an invalid filter is refused with the position of the fault', async () => {
    const refused = await refusalOf(subscribe(gateway(), { topics: ['*'], where: `topic.endswith('x')` }));
    expect(refused).toMatchObject({
      code: 'INVALID_FILTER',
      details: { line: 1, column: expect.any(Number), suggestion: 'endsWith' },
    });
  });

  test('that is unknown, was unsubscribed or has expired is refused', async () => {
    const id = await subscribe(gateway(), { topics: ['*'] });
    await gateway().operations.unsubscribe(id);
    const old = await subscribe(gateway(), { topics: ['*'], expiresAfterDays: 1 });
    await gateway().database.query({
      text: `UPDATE subscriptions SET expires_at = now() - interval '1 second' WHERE id = $1`,
      values: [old],
    });
    const known = await subscribe(gateway(), { topics: ['*'] });
    for (const gone of [id, old, '0195f000-0000-7000-8000-000000000000']) {
      const code = 'NO_SUCH_SUBSCRIPTION';
      expect(await refusalOf(next(gateway(), [known, gone]))).toMatchObject({ code });
      expect(await refusalOf(gateway().operations.acknowledge(gone, '1'))).toMatchObject({ code });
      expect(await refusalOf(gateway().operations.unsubscribe(gone))).toMatchObject({ code });
      expect(await gateway().operations.subscription(gone)).toBeNull();
    }
  });

  test('accepts 1 to 100 ids and a wait time of 0 to 60,000 milliseconds', async () => {
    const id = await subscribe(gateway(), { topics: ['*'] });
    const ask = (ids: readonly string[], timeoutMs: number) =>
      refusalOf(gateway().operations.nextEvent(tester, ids, timeoutMs));
    expect(await ask([], 0)).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await ask(['x'], 0)).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await ask(Array<string>(101).fill(id), 0)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await ask([id], 60_001)).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await ask([id], -1)).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describePostgres('two gateways', (backend) => {
  const gateway = composedOnce(backend);

  test('never deliver the same event of a subscription', async () => {
    const other = await operationsOn(await backend.openAnother());
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], where: `data.n >= 0` });
    const events = await Promise.all(
      Array.from({ length: 60 }, (_, n) => gateway().send({ topic, payload: { n } })),
    );
    const drained = await Promise.all([gateway(), other, gateway(), other].map((one) => drain(one, id)));
    expect(drained.flat().sort()).toEqual(events.sort());
    await other.stop();
  });
});
