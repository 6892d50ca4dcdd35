// Hashes and lists of sends: one event for each hash, whatever is sent at once, and each item of a list on its own.
import { beforeEach, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { eventStatuses } from '../../src/domain/events/event.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { mayBecome } from '../../src/domain/events/status.ts';
import { describeDatabases } from '../support/database.ts';
import { composedForEach, composedOnce, fresh, refusalOf } from '../support/gateway.ts';
import { reach } from './statuses.ts';

const unknownId = '0195f000-0000-7000-8000-000000000000';

describeDatabases('A hash that is known', (backend) => {
  const gateway = composedOnce(backend);
  let hash = '';
  beforeEach(() => {
    hash = fresh('h');
  });
  const send = (input: SendInput) =>
    gateway().operations.sendEvent(gateway().caller, { topic: 'a', hash, ...input });
  const first = (input: SendInput = {}) => gateway().send({ hash, ...input });
  const kindsOf = async (id: string) => {
    const text = 'SELECT kind FROM log WHERE event_id = $1 ORDER BY position';
    return (await gateway().database.query<{ kind: string }>({ text, values: [id] })).map(({ kind }) => kind);
  };

  test('is answered with the event that has it, unchanged, unless told otherwise', async () => {
    const id = await first({ payload: { n: 1 } });
    const before = await gateway().read(id);
    const { event, duplicate } = await send({ payload: { n: 2 }, project: 'p' });
    expect({ id: event.id, duplicate }).toEqual({ id, duplicate: true });
    expect(await gateway().read(id)).toEqual(before);
    expect(await kindsOf(id)).toEqual(['CREATED']);
  });

  test('is refused with FAIL, naming the event that has it', async () => {
    const id = await first();
    expect(await refusalOf(send({ onDuplicate: 'FAIL' }))).toMatchObject({
      code: 'DUPLICATE_HASH',
      details: { eventId: id },
    });
    await expect(send({ hash: fresh('h'), onDuplicate: 'FAIL' })).resolves.toMatchObject({
      duplicate: false,
    });
  });

  test('with REPLACE gives the event other content, and leaves it its id and place', async () => {
    const parent = await gateway().send({ requestId: hash });
    const given = {
      sender: 's',
      senderType: 't',
      eventType: 'e',
      project: 'p',
      user: 'u',
      description: 'd',
      summary: { s: 1 },
      payload: { p: 1 },
    };
    const id = await first({ ...given, dependsOn: parent, nodeId: 'n' });
    const before = await gateway().read(id);
    const { event, duplicate } = await send({
      topic: 'b',
      onDuplicate: 'REPLACE',
      payload: { p: 2 },
      user: 'v',
    });
    expect({ id: event.id, duplicate }).toEqual({ id, duplicate: true });
    const after = await gateway().read(id);
    expect(after).toMatchObject({ topic: 'b', payload: { p: 2 }, user: 'v' });
    // What the second one does not say has its default, as if it had been the first.
    expect(after).toMatchObject({
      sender: null,
      senderType: null,
      eventType: 'events.NormalType',
      project: null,
      description: '',
      summary: {},
    });
    expect(after).toMatchObject({
      hash,
      requestId: hash,
      nodeId: 'n',
      dependsOnId: parent,
      createdAt: before.createdAt,
    });
    expect(after.position! > before.position!).toBe(true);
    expect(await kindsOf(id)).toEqual(['CREATED', 'UPDATED']);
  });

  test('with REPLACE keeps its place also where that is said again', async () => {
    const parent = await gateway().send({ requestId: hash });
    const place = { dependsOn: parent, requestId: hash, nodeId: 'n' };
    const id = await first(place);
    expect((await send({ ...place, onDuplicate: 'REPLACE', payload: { n: 2 } })).event.id).toBe(id);
    expect(await gateway().read(id)).toMatchObject({ payload: { n: 2 }, nodeId: 'n' });
  });

  test.each([
    ['requestId', { requestId: 'other' }],
    ['nodeId', { nodeId: 'other' }],
    ['dependsOn', { dependsOn: 'itself' }],
  ])('with REPLACE is refused where another %s is given', async (name, place) => {
    const id = await first({ requestId: hash, nodeId: 'n' });
    const before = await gateway().read(id);
    const moved = 'dependsOn' in place ? { dependsOn: id } : place;
    const { code, message } = await refusalOf(send({ ...moved, onDuplicate: 'REPLACE', payload: { n: 2 } }));
    expect(code).toBe('BAD_USER_INPUT');
    expect(message).toContain(`its ${name} is`);
    expect(await gateway().read(id)).toEqual(before);
  });

  test.each(eventStatuses.flatMap((from) => [true, false].map((finished) => ({ from, finished }))))(
    'with REPLACE follows the rules of statuses: $from, sent with finished: $finished',
    async ({ from, finished }) => {
      const id = await first({ finished: false });
      await reach(gateway(), id, from);
      const to = finished ? 'FINISHED' : 'PENDING';
      const replaced = send({ onDuplicate: 'REPLACE', finished, payload: { n: 2 } });
      if (mayBecome(from, to)) {
        await replaced;
        expect(await gateway().read(id)).toMatchObject({ status: to, payload: { n: 2 } });
      } else {
        expect(await refusalOf(replaced)).toMatchObject({
          code: 'INVALID_TRANSITION',
          details: { eventId: id, from, to },
        });
        expect(await gateway().read(id)).toMatchObject({ status: from, payload: {} });
      }
    },
  );

  test('is free again when its event is deleted', async () => {
    const id = await first();
    await gateway().operations.deleteEvent(gateway().caller, id);
    const { event, duplicate } = await send({ onDuplicate: 'FAIL' });
    expect(duplicate).toBe(false);
    expect(event.id).not.toBe(id);
  });
});

describeDatabases('A list of sends', (backend) => {
  const gateway = composedForEach(backend);
  const send = (inputs: readonly SendInput[]) => gateway().operations.sendEvents(gateway().caller, inputs);
  const countEvents = () => gateway().operations.countEvents(null);

  test('takes 5,000, in their order, and not one more', async () => {
    const inputs = Array.from({ length: limits.batchItems }, (_, n) => ({ topic: 'a', summary: { n } }));
    const { events, errors } = await send(inputs);
    expect(errors).toEqual([]);
    expect(events.map((event) => event?.summary)).toEqual(inputs.map(({ summary }) => summary));
    const positions = events.map((event) => event?.position as bigint);
    expect(positions).toEqual(positions.toSorted((a, b) => Number(a - b)));
    expect(await refusalOf(send([...inputs, { topic: 'a' }]))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await countEvents()).toEqual({ count: limits.batchItems, exact: true });
  });

  test('tells which of its items were known by their hash', async () => {
    await gateway().send({ hash: 'known' });
    const { duplicates } = await send([
      { topic: 't', hash: 'new' },
      { topic: 't', hash: 'known' },
    ]);
    expect(duplicates).toEqual([1]);
  });

  test('may be empty', async () => {
    expect(await send([])).toEqual({ events: [], errors: [], duplicates: [] });
  });

  test('fails only those of its items that are wrong, each by its index', async () => {
    const taken = await gateway().send({ hash: 'taken', requestId: 'r', nodeId: 'n' });
    const { events, errors } = await send([
      { topic: 'good' },
      { topic: 'bad topic' },
      { topic: 'a', dependsOn: unknownId },
      { topic: 'good', dependsOn: taken },
      { topic: 'a', payload: { text: 'x'.repeat(limits.jsonBytes) } },
      { topic: 'a', hash: 'taken', onDuplicate: 'FAIL' },
      { topic: 'a', requestId: 'r', nodeId: 'n' },
      { topic: 'a', hash: 'taken' },
    ]);
    const codes = ['BAD_USER_INPUT', 'NOT_FOUND', 'LIMIT_EXCEEDED', 'DUPLICATE_HASH', 'BAD_USER_INPUT'];
    expect(errors.map(({ index, code }) => [index, code])).toEqual(
      [1, 2, 4, 5, 6].map((index, n) => [index, codes[n]]),
    );
    expect(events.map((event) => event !== null)).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(events[7]?.id).toBe(taken);
    expect((await countEvents()).count).toBe(3);
  });

  test('makes one event of the same hash, however often it holds that', async () => {
    const inputs = Array.from({ length: 60 }, (_, n) => ({ topic: 'a', hash: `h${n % 3}`, payload: { n } }));
    const { events, errors } = await send(inputs);
    expect(errors).toEqual([]);
    for (const rest of [0, 1, 2]) {
      const ids = new Set(events.filter((_, n) => n % 3 === rest).map((event) => event?.id));
      expect(ids.size).toBe(1);
      expect((await gateway().read([...ids][0]!)).payload).toEqual({ n: rest });
    }
    expect((await countEvents()).count).toBe(3);
  });

  test('with FAIL for the same hash has one that succeeds, with REPLACE ends with one’s whole content', async () => {
    const failing = await send(
      Array.from({ length: 20 }, () => ({ topic: 'a', hash: 'f', onDuplicate: 'FAIL' as const })),
    );
    expect(failing.events.filter((event) => event !== null)).toHaveLength(1);
    expect(new Set(failing.errors.map(({ code }) => code))).toEqual(new Set(['DUPLICATE_HASH']));
    const replacing = await send(
      Array.from({ length: 20 }, (_, n) => ({
        topic: `t${n}`,
        hash: 'r',
        onDuplicate: 'REPLACE' as const,
        payload: { n },
      })),
    );
    expect(replacing.errors).toEqual([]);
    const ids = new Set(replacing.events.map((event) => event?.id));
    expect(ids.size).toBe(1);
    const { topic, payload } = await gateway().read([...ids][0]!);
    expect(topic).toBe(`t${(payload as { n: number }).n}`);
    expect((await countEvents()).count).toBe(2);
  });
});
