// Sending: what becomes of each field, of defaults, of hashes, of places in a chain, and of what cannot be taken.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf, startGateway } from '../support/gateway.ts';

const unknownId = '0195f000-0000-7000-8000-000000000000';
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const refusedAs = (code: string, message: RegExp | string) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describeDatabases('A sent event', (backend) => {
  const gateway = composedOnce(backend);
  const send = (input: SendInput, requestId: string | null = null) =>
    gateway().operations.sendEvent({ ...gateway().caller, requestId }, { topic: 'order.paid', ...input });
  const sent = async (input: SendInput, requestId: string | null = null) =>
    gateway().read((await send(input, requestId)).event.id);
  const countRows = async () => {
    const text =
      'SELECT (SELECT count(*)::int4 FROM events) AS events, (SELECT count(*)::int4 FROM log) AS log';
    return (await gateway().database.query<{ events: number; log: number }>({ text, values: [] }))[0];
  };

  test('keeps every field as it was given', async () => {
    const requestId = fresh('r');
    const parent = await gateway().send({ requestId });
    const given = {
      topic: 'Order_1.paid-2',
      sender: 'shop',
      senderType: 'service',
      eventType: 'events.Other',
      hash: fresh('h'),
      project: 'Übersee',
      user: 'ann',
      requestId,
      nodeId: 'n',
      description: 'Müller paid\nat last 💶',
      summary: { total: 0.1, '': [null, true, 'ä\\"'] },
      payload: { deep: [{ a: { b: [1e300, -0.5, 9007199254740991] } }] },
    };
    const { topic, ...others } = given;
    const event = await sent({ ...given, dependsOn: parent });
    expect(event).toMatchObject({ topic, ...others, dependsOnId: parent, status: 'FINISHED', retries: 0 });
    expect(event).toMatchObject({ result: null, error: null, startedAt: null });
    expect(event.updatedAt).toEqual(event.createdAt);
    expect(event.finishedAt).toEqual(event.createdAt);
    expect(Math.abs(event.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('has defaults for all but its topic', async () => {
    const { event, duplicate } = await send({});
    expect(duplicate).toBe(false);
    expect(event.id).toMatch(uuidV7);
    expect(await gateway().read(event.id)).toMatchObject({
      hash: null,
      eventType: 'events.NormalType',
      sender: null,
      senderType: null,
      project: null,
      user: null,
      requestId: event.id,
      nodeId: event.id,
      dependsOnId: null,
      status: 'FINISHED',
      description: '',
      summary: {},
      payload: {},
    });
  });

  test('has the same defaults where null is given', async () => {
    const names = [
      'sender',
      'senderType',
      'eventType',
      'hash',
      'onDuplicate',
      'project',
      'user',
      'requestId',
      'nodeId',
      'dependsOn',
      'description',
      'summary',
      'payload',
      'kwargs',
      'finished',
      'store',
    ];
    const event = await sent(Object.fromEntries(names.map((name) => [name, null])));
    expect(event).toMatchObject({
      eventType: 'events.NormalType',
      status: 'FINISHED',
      payload: {},
      requestId: event.id,
    });
  });

  test('is answered as it is then read', async () => {
    const { event } = await send({ payload: { n: 1 }, summary: { m: 2 }, project: 'p', finished: false });
    expect(event).toEqual(await gateway().read(event.id));
  });

  test('takes its topic from its sender, and its payload from kwargs', async () => {
    const { topic, payload } = await sent({ topic: null, sender: 'shop.orders', kwargs: { a: 1 } });
    expect({ topic, payload }).toEqual({ topic: 'shop.orders', payload: { a: 1 } });
  });

  test('that is not finished is born PENDING', async () => {
    expect(await sent({ finished: false })).toMatchObject({
      status: 'PENDING',
      startedAt: null,
      finishedAt: null,
    });
  });

  test('stands in the log with the key that sent it, whoever it says its sender is', async () => {
    const { id, position, createdAt } = await sent({ sender: 'shop' });
    const [entry, ...others] = (await gateway().operations.historiesOf([id])).get(id) ?? [];
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      position,
      from: null,
      to: 'FINISHED',
      at: createdAt,
      by: 'tester',
      description: null,
    });
  });

  test.each([
    ['no topic and no sender', { topic: null }],
    ['two names for its payload', { payload: {}, kwargs: {} }],
    ['a payload that is no object', { payload: [1] }],
    ['a summary that is no object', { summary: 'text' }],
    ['an empty name', { sender: '' }],
    ['a name that is too long', { user: 'x'.repeat(limits.nameLength + 1) }],
    ['a description that is too long', { description: 'x'.repeat(limits.descriptionLength + 1) }],
    ['a parent that is no id', { dependsOn: 'parent' }],
    ['a hash that is not kept', { hash: 'h', store: false }],
  ] satisfies [string, SendInput][])('is refused with %s', async (_what, input) => {
    const before = await countRows();
    await expect(send(input)).rejects.toEqual(refusedAs('BAD_USER_INPUT', ''));
    expect(await countRows()).toEqual(before);
  });

  describe('by its topic', () => {
    test.each(['a', 'A-1_b', 'a.b.c', '9', 'x'.repeat(limits.topicLength)])('%s is taken', async (topic) => {
      expect((await sent({ topic })).topic).toBe(topic);
    });

    test.each([
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      'a b',
      'a.*',
      '*',
      'ä',
      'a/b',
      'a\n',
      'x'.repeat(limits.topicLength + 1),
    ])('%j is refused', async (topic) => {
      await expect(send({ topic })).rejects.toEqual(refusedAs('BAD_USER_INPUT', '^topic .* is not a topic'));
    });
  });

  describe('with text that Postgres cannot hold', () => {
    const names = [
      'sender',
      'senderType',
      'eventType',
      'hash',
      'project',
      'user',
      'requestId',
      'nodeId',
      'description',
    ] as const;
    const broken = ['a\u0000b', '\ud800', '\udc00x'];

    test.each(names)('in its %s is refused by name', async (name) => {
      for (const text of broken)
        await expect(send({ [name]: text })).rejects.toEqual(
          refusedAs('BAD_USER_INPUT', `^${name} contains`),
        );
    });

    test.each(['summary', 'payload', 'kwargs'] as const)(
      'in a key or a value of its %s is refused by path',
      async (name) => {
        for (const text of broken) {
          await expect(send({ [name]: { a: [{ b: text }] } })).rejects.toEqual(
            refusedAs('BAD_USER_INPUT', `^${name}.a\\[0\\].b contains`),
          );
          await expect(send({ [name]: { a: { [text]: 1 } } })).rejects.toEqual(
            refusedAs('BAD_USER_INPUT', `^${name}.a contains`),
          );
        }
      },
    );

    test('is kept where it only looks like that', async () => {
      const payload = { text: '\\u0000 \\ud800 �', pair: '💶' };
      expect((await sent({ payload })).payload).toEqual(payload);
    });
  });

  test.each(['summary', 'payload'] as const)('takes 1 MB of %s, and not a byte more', async (name) => {
    const full = { text: `${'ä'.repeat((limits.jsonBytes - '{"text":""}'.length - 1) / 2)}a` };
    expect(Buffer.byteLength(JSON.stringify(full))).toBe(limits.jsonBytes);
    expect((await sent({ [name]: full }))[name]).toEqual(full);
    const refused = refusedAs('LIMIT_EXCEEDED', `^${name} is ${limits.jsonBytes + 1} bytes`);
    await expect(send({ [name]: { text: `${full.text}a` } })).rejects.toEqual(refused);
  });

  describe('in its chain', () => {
    test('depends only on what exists', async () => {
      const before = await countRows();
      await expect(send({ dependsOn: unknownId })).rejects.toEqual(refusedAs('NOT_FOUND', unknownId));
      await expect(send({ dependsOn: unknownId, store: false })).rejects.toEqual(
        refusedAs('NOT_FOUND', unknownId),
      );
      expect(await countRows()).toEqual(before);
    });

    test('belongs to the request that it names, else its parent’s, else its caller’s, else one of its own', async () => {
      const parent = await gateway().send({ requestId: 'parent’s' });
      const requestOf = async (input: SendInput, callers: string | null) =>
        (await sent(input, callers)).requestId;
      expect(await requestOf({ requestId: 'given', dependsOn: parent }, 'caller’s')).toBe('given');
      expect(await requestOf({ dependsOn: parent }, 'caller’s')).toBe('parent’s');
      expect(await requestOf({}, 'caller’s')).toBe('caller’s');
      const own = await sent({});
      expect(own.requestId).toBe(own.id);
    });

    test('has a node id that no other event of its request has', async () => {
      const r = fresh('r');
      const first = await gateway().send({ requestId: r, nodeId: 'n' });
      const { code, message, details } = await refusalOf(send({ requestId: r, nodeId: 'n' }));
      expect(code).toBe('BAD_USER_INPUT');
      expect(message).toContain(`nodeId "n" is taken in the request "${r}"`);
      expect(details).toEqual({ eventId: first });
      await sent({ requestId: 'other', nodeId: 'n' });
      await expect(send({ dependsOn: first, nodeId: 'n' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await expect(send({ requestId: r, nodeId: first })).resolves.toBeDefined();
    });

    test('shares a node id with none of those sent at the same moment either', async () => {
      const before = await countRows();
      const place = { requestId: fresh('r'), nodeId: 'n' };
      const settled = await Promise.allSettled(Array.from({ length: 20 }, () => send(place)));
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of settled)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(await countRows()).toEqual({ events: before!.events + 1, log: before!.log + 1 });
    });
  });

  test('that is not stored reaches those who watch, and no table', async () => {
    const parent = await gateway().send({ requestId: 'r' });
    const before = await countRows();
    const query = `subscription { eventFeed(filter: { projects: ["p"] }) {
      kind position status event { id topic position requestId nodeId dependsOn { id } payload history { to } } } }`;
    const feed = await gateway().subscribe<{ eventFeed: object }>(query);
    const { event } = await send({
      store: false,
      project: 'p',
      payload: { n: 1 },
      dependsOn: parent,
      finished: false,
    });
    expect((await feed.next()).eventFeed).toEqual({
      kind: 'TRANSIENT',
      position: null,
      status: 'PENDING',
      event: {
        id: event.id,
        topic: 'order.paid',
        position: null,
        requestId: 'r',
        nodeId: event.id,
        dependsOn: { id: parent },
        payload: { n: 1 },
        history: [],
      },
    });
    expect(await countRows()).toEqual(before);
    expect(await gateway().operations.eventsByIds([event.id], [])).toEqual(new Map());
    feed.stop();
  });
});

describeDatabases('A request over HTTP', (backend) => {
  test('puts what it sends into the request that its headers name', async () => {
    const gateway = await startGateway(await backend.target());
    const query = 'mutation { sendEvent(input: { topic: "a" }) { event { id requestId } } }';
    const requestOf = async (headers: Record<string, string>) => {
      const { data } = await gateway.ask<{ sendEvent: { event: { id: string; requestId: string } } }>(
        query,
        {},
        headers,
      );
      return data!.sendEvent.event;
    };
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    expect((await requestOf({ traceparent, 'x-request-id': 'x' })).requestId).toBe(traceId);
    expect((await requestOf({ 'x-request-id': 'x' })).requestId).toBe('x');
    const own = await requestOf({});
    expect(own.requestId).toBe(own.id);
    await gateway.stop();
  });

  test('with a trace that lives long is a request of its own, and one for all that it sends', async () => {
    const gateway = await startGateway(await backend.target());
    const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
    const query = `mutation { sendEvents(input: [{ topic: "a" }, { topic: "b" }]) { events { requestId } }
      sendEvent(input: { topic: "c" }) { event { requestId } } }`;
    const requests = new Set<string>();
    for (let n = 1; n <= 3; n++) {
      const { data } = await gateway.ask<{
        sendEvents: { events: readonly { requestId: string }[] };
        sendEvent: { event: { requestId: string } };
      }>(query, {}, headers);
      const sent = [...data!.sendEvents.events, data!.sendEvent.event].map(({ requestId }) => requestId);
      expect(new Set(sent).size).toBe(1);
      requests.add(sent[0]!);
      expect(requests.size).toBe(n);
    }
    await gateway.stop();
  });
});
