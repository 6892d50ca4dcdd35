// Scheduled events: stored and found at once, published to nobody before their time, and published once.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { interrupted, type Interruptions } from '../support/interrupted-database.ts';

const hour = 3_600_000;
const inAnHour = () => new Date(Date.now() + hour);

/** Its time comes now, whatever it was. */
async function pass({ database, scheduledSender }: Composed, id: string): Promise<void> {
  await database.query({
    text: `UPDATE scheduled_events SET send_at = now() - interval '1 second' WHERE event_id = $1`,
    values: [id],
  });
  scheduledSender.wake();
}

async function isSent({ database }: Composed, id: string): Promise<void> {
  const sent = { text: 'SELECT 1 FROM events WHERE id = $1 AND NOT held', values: [id] };
  while ((await database.query(sent)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function entries({ database }: Composed, id: string): Promise<string[]> {
  const text = `SELECT kind || ' ' || status AS entry FROM log WHERE event_id = $1 ORDER BY position`;
  return (await database.query<{ entry: string }>({ text, values: [id] })).map(({ entry }) => entry);
}

describeDatabases('An event with sendAt', (backend) => {
  const gateway = composedOnce(backend);
  const send = async (input: SendInput = {}) =>
    (await gateway().operations.sendEvent(tester, { topic: fresh('t'), sendAt: inAnHour(), ...input })).event;

  test('is stored under the id that was answered, PENDING, with its time', async () => {
    const sendAt = inAnHour();
    const { data, errors } = await gateway().ask<any>(
      `mutation ($input: SendEventInput!) {
        sendEvent(input: $input) { duplicate event { id status logStatus sendAt finishedAt payload } }
      }`,
      { input: { topic: 'later', sendAt: sendAt.toISOString(), payload: { n: 1 } } },
    );
    expect(errors).toEqual([]);
    const { event } = data.sendEvent;
    expect(event).toMatchObject({
      status: 'PENDING',
      logStatus: 'WAITING',
      finishedAt: null,
      payload: { n: 1 },
    });
    expect(Date.parse(event.sendAt)).toBe(sendAt.getTime());
    const found = await gateway().ask<any>(`query ($id: ID!) { event(id: $id) { status sendAt } }`, {
      id: event.id,
    });
    expect(found.data.event).toEqual({ status: 'PENDING', sendAt: event.sendAt });
  });

  test('is listed, and can be told from others', async () => {
    const topic = fresh('t');
    const held = await send({ topic });
    const other = await gateway().send({ topic });
    const list = async (filter: object) =>
      (
        await gateway().ask<any>(
          `query ($filter: EventFilter) { events(filter: $filter) { nodes { id } totalCount } }`,
          { filter: { topics: [topic], ...filter } },
        )
      ).data.events;
    expect(await list({ scheduled: true })).toEqual({ nodes: [{ id: held.id }], totalCount: 1 });
    expect(await list({ scheduled: false })).toEqual({ nodes: [{ id: other }], totalCount: 1 });
    expect((await list({})).totalCount).toBe(2);
  });

  test('reaches no subscriber before its time, and each of them once at its time', async () => {
    const topic = fresh('t');
    const { id: subscriptionId } = await gateway().operations.subscribe(tester, { topics: [topic] });
    const feed = await gateway().subscribe<any>(
      `subscription { eventFeed(filter: { topics: ["${topic}"] }) { kind status event { id sendAt } } }`,
    );
    const asked = { sourceTopics: [topic], targetTopic: 'work', worker: 'ann' };
    const { id } = await send({ topic });
    expect(await entries(gateway(), id)).toEqual([]);
    expect(await gateway().operations.nextEvent(tester, [subscriptionId], 0)).toBeNull();
    expect(await gateway().operations.enroll(tester, asked, 1)).toEqual([]);
    await pass(gateway(), id);
    expect(await feed.next()).toEqual({
      eventFeed: { kind: 'CREATED', status: 'FINISHED', event: { id, sendAt: null } },
    });
    const got = await gateway().operations.nextEvent(tester, [subscriptionId], 5_000);
    expect(got?.event.id).toBe(id);
    const jobs = await gateway().operations.enroll(tester, { ...asked, waitMs: 5_000 }, 2);
    expect(jobs.map(({ source }) => source!.id)).toEqual([id]);
    expect(await entries(gateway(), id)).toEqual(['CREATED FINISHED']);
    const event = await gateway().read(id);
    expect(event.finishedAt!.getTime()).toBeGreaterThanOrEqual(event.createdAt.getTime());
    await feed.end();
  });

  test('is born PENDING at its time where it is work to be done', async () => {
    const { id } = await send({ finished: false });
    await pass(gateway(), id);
    await isSent(gateway(), id);
    expect(await gateway().read(id)).toMatchObject({ status: 'PENDING', finishedAt: null });
    expect(await entries(gateway(), id)).toEqual(['CREATED PENDING']);
  });

  test('goes in the order of the times, not of the sends', async () => {
    const topic = fresh('t');
    const ids = await Promise.all(
      [3, 1, 2].map(async (n) => (await send({ topic, sendAt: new Date(Date.now() + n * hour) })).id),
    );
    await gateway().database.query({
      text: `UPDATE scheduled_events SET send_at = send_at - interval '4 hours' WHERE event_id = ANY($1::uuid[])`,
      values: [ids],
    });
    gateway().scheduledSender.wake();
    for (const id of ids) await isSent(gateway(), id);
    const text = 'SELECT event_id AS id FROM log WHERE topic = $1 ORDER BY position';
    const rows = await gateway().database.query<{ id: string }>({ text, values: [topic] });
    expect(rows.map(({ id }) => id)).toEqual([ids[1], ids[2], ids[0]]);
  });

  test('wakes for a time that is near while it sleeps for one that is far', async () => {
    await send();
    const { id } = await send({ sendAt: new Date(Date.now() + 300) });
    await isSent(gateway(), id);
    expect(await entries(gateway(), id)).toEqual(['CREATED FINISHED']);
  });

  test('is sent at once where the time has come', async () => {
    const { id, status } = await send({ sendAt: new Date(Date.now() - 1) });
    expect(status).toBe('FINISHED');
    expect(await entries(gateway(), id)).toEqual(['CREATED FINISHED']);
  });

  describe('until then', () => {
    test('can be deleted, and is never sent', async () => {
      const { id } = await send();
      expect(await gateway().operations.deleteEvent(tester, id)).toBe(id);
      const text = 'SELECT 1 FROM scheduled_events WHERE event_id = $1';
      expect(await gateway().database.query({ text, values: [id] })).toEqual([]);
      expect(await entries(gateway(), id)).toEqual(['DELETED PENDING']);
    });

    test('can be aborted, and is never sent', async () => {
      const { id } = await send();
      await gateway().operations.updateEvent(tester, { id, status: 'ABORTED' });
      await pass(gateway(), id);
      const later = await send({ sendAt: inAnHour() });
      await pass(gateway(), later.id);
      await isSent(gateway(), later.id);
      expect(await gateway().read(id)).toMatchObject({ status: 'ABORTED' });
      expect(await entries(gateway(), id)).toEqual(['STATUS ABORTED']);
      expect(await gateway().operations.sendTimesOf([id])).toEqual(new Map());
    });

    test('is among those that a bulk mutation aborts', async () => {
      const topic = fresh('t');
      const { id } = await send({ topic });
      const outcome = await gateway().operations.abortEvents(tester, { topics: [topic] }, false);
      expect(outcome).toEqual({ count: 1, ids: [id] });
    });

    test('can be given another content, and nothing but ABORTED as status', async () => {
      const { id } = await send();
      await gateway().operations.updateEvent(tester, { id, payload: { n: 2 } });
      expect(await entries(gateway(), id), 'no subscriber is notified').toEqual([]);
      for (const status of ['IN_PROGRESS', 'FINISHED', 'FAILED'] as const) {
        expect(await refusalOf(gateway().operations.updateEvent(tester, { id, status }))).toMatchObject({
          code: 'INVALID_TRANSITION',
          message: expect.stringContaining('is scheduled'),
        });
      }
      await pass(gateway(), id);
      await isSent(gateway(), id);
      expect(await gateway().read(id)).toMatchObject({ status: 'FINISHED', payload: { n: 2 } });
    });

    test('has its hash, its node and its children as any other event', async () => {
      const hash = fresh('h');
      const requestId = fresh('r');
      const { id } = await send({ hash, requestId, nodeId: 'n' });
      const again = await gateway().operations.sendEvent(tester, { topic: 'other', hash });
      expect(again).toMatchObject({ event: { id }, duplicate: true });
      const twin = gateway().operations.sendEvent(tester, { topic: 'other', requestId, nodeId: 'n' });
      expect(await refusalOf(twin)).toMatchObject({ code: 'BAD_USER_INPUT' });
      const child = await gateway().send({ dependsOn: id });
      expect(await gateway().read(child)).toMatchObject({ requestId, dependsOnId: id });
    });

    test('gets another content and another time by its hash and REPLACE', async () => {
      const hash = fresh('h');
      const topic = fresh('t');
      const { id } = await send({ topic, hash, payload: { n: 1 } });
      const sendAt = new Date(Date.now() + 2 * hour);
      const moved = await send({ topic, hash, payload: { n: 2 }, onDuplicate: 'REPLACE', sendAt });
      expect(moved.id).toBe(id);
      expect(await gateway().operations.sendTimesOf([id])).toEqual(new Map([[id, sendAt]]));
      expect(await gateway().read(id)).toMatchObject({ status: 'PENDING', payload: { n: 2 } });
      await send({ topic, hash, payload: { n: 3 }, onDuplicate: 'REPLACE', sendAt: null });
      await isSent(gateway(), id);
      expect(await gateway().read(id)).toMatchObject({ status: 'FINISHED', payload: { n: 3 } });
      const late = send({ topic, hash, onDuplicate: 'REPLACE' });
      expect(await refusalOf(late)).toMatchObject({
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('has been published'),
      });
    });
  });

  test('is one of many in sendEvents, each with a time of its own or none', async () => {
    const topic = fresh('t');
    const { events, errors } = await gateway().operations.sendEvents(tester, [
      { topic, sendAt: inAnHour() },
      { topic },
      { topic, store: false, sendAt: inAnHour() },
    ]);
    expect(events.map((event) => event?.status ?? null)).toEqual(['PENDING', 'FINISHED', null]);
    expect(errors).toMatchObject([{ index: 2, code: 'BAD_USER_INPUT' }]);
  });

  test.each([
    [{ store: false }, 'store: false'],
    [{ sendAt: new Date(Date.now() + (limits.sendAheadDays + 1) * 24 * hour) }, '3650 days'],
  ])('is refused with %j', async (input, message) => {
    expect(await refusalOf(send(input))).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    });
  });
});

describeDatabases('A scheduled event', (backend) => {
  test('and is sent in the very moment in which it is moved is not said to be moved', async () => {
    const interruptions: Interruptions = {};
    const gateway = await operationsOn(interrupted(await backend.open(), interruptions));
    const [hash, sendAt] = ['h', inAnHour()];
    const { event } = await gateway.operations.sendEvent(tester, { topic: 't', hash, sendAt });
    interruptions.before = async (text) => {
      if (!text.includes('UPDATE scheduled_events SET send_at')) return;
      interruptions.before = undefined;
      await pass(gateway, event.id);
      await isSent(gateway, event.id);
    };
    const moving = gateway.operations.sendEvent(tester, { topic: 't', hash, sendAt, onDuplicate: 'REPLACE' });
    expect(await refusalOf(moving)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('is not scheduled: it has been published or aborted'),
    });
    await gateway.stop();
  });

  test('is sent after a restart, though its time came while no gateway ran', async () => {
    const target = await backend.open();
    const first = await operationsOn(target);
    const { event } = await first.operations.sendEvent(tester, { topic: 'later', sendAt: inAnHour() });
    await first.stop();
    const text = `UPDATE scheduled_events SET send_at = now() - interval '1 day'`;
    await target.query({ text, values: [] });
    const second = await operationsOn(target);
    await isSent(second, event.id);
    expect(await entries(second, event.id)).toEqual(['CREATED FINISHED']);
    await second.stop();
  });
});

describePostgres('Three gateways', (backend) => {
  test('send each of many held events once', async () => {
    const first = await backend.open();
    const databases = [first, await backend.openAnother(), await backend.openAnother()];
    const gateways = await Promise.all(databases.map((database) => operationsOn(database)));
    const inputs = Array.from({ length: 1_200 }, (_, n) => ({
      topic: 'later',
      payload: { n },
      sendAt: inAnHour(),
    }));
    const { errors } = await gateways[0]!.operations.sendEvents(tester, inputs);
    expect(errors).toEqual([]);
    const text = `UPDATE scheduled_events SET send_at = now() - interval '1 second'`;
    await first.query({ text, values: [] });
    for (const { scheduledSender } of gateways) scheduledSender.wake();
    const left = { text: 'SELECT 1 FROM scheduled_events LIMIT 1', values: [] };
    while ((await first.query(left)).length > 0) await new Promise((done) => setTimeout(done, 10));
    const sent = `SELECT count(*)::int4 AS entries, count(DISTINCT event_id)::int4 AS events FROM log`;
    expect(await first.query({ text: sent, values: [] })).toEqual([{ entries: 1_200, events: 1_200 }]);
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });
});
