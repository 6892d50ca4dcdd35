// Events that have to be acknowledged: they come again unless they are.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { drain, next, pass, read, subscribe } from './support.ts';

describeDatabases('a subscription with ack: MANUAL', (backend) => {
  const gateway = composedOnce(backend);
  const acknowledge = (id: string, position: bigint) =>
    gateway().operations.acknowledge(id, String(position));

  async function withEvents(count: number) {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL' });
    const events: string[] = [];
    for (let n = 0; n < count; n++) events.push(await gateway().send({ topic }));
    return { topic, id, events };
  }

  test('yields an event again that is not acknowledged in time, before newer ones', async () => {
    const { id, events } = await withEvents(3);
    expect((await next(gateway(), id))?.id).toBe(events[0]);
    expect((await next(gateway(), id))?.id).toBe(events[1]);
    await pass(gateway(), id);
    expect(await drain(gateway(), id)).toEqual(events);
    expect(await next(gateway(), id)).toBeNull();
  });

  test('does not yield again what was acknowledged, which may be said twice', async () => {
    const { id, events } = await withEvents(2);
    const first = await next(gateway(), id);
    await next(gateway(), id);
    expect(await acknowledge(id, first!.position)).toMatchObject({ id, ack: 'MANUAL' });
    await acknowledge(id, first!.position);
    await pass(gateway(), id);
    expect(await drain(gateway(), id)).toEqual([events[1]]);
  });

  test('takes an acknowledgement also after its time', async () => {
    const { id } = await withEvents(1);
    const first = await next(gateway(), id);
    await pass(gateway(), id);
    await acknowledge(id, first!.position);
    expect(await next(gateway(), id)).toBeNull();
  });

  test('passes over an event that was deleted while it was out', async () => {
    const { id, events } = await withEvents(2);
    await next(gateway(), id);
    await gateway().operations.deleteEvent(tester, events[0]!);
    await pass(gateway(), id);
    expect(await drain(gateway(), id)).toEqual([events[1]]);
  });

  test('refuses what it has not handed out', async () => {
    const { id } = await withEvents(1);
    const first = await next(gateway(), id);
    const refused = await refusalOf(acknowledge(id, first!.position + 1n));
    expect(refused).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/not handed out/),
    });
  });

  test('is what acknowledge needs', async () => {
    const id = await subscribe(gateway(), { topics: ['*'] });
    const refused = await refusalOf(acknowledge(id, 0n));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/ack: AUTO/) });
  });

  test('wakes who waits when the time of an event is over', async () => {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL', visibilityMs: 1_000 });
    const event = await gateway().send({ topic });
    const before = performance.now();
    expect((await next(gateway(), id, null))?.id).toBe(event);
    expect((await next(gateway(), id, null))?.id).toBe(event);
    const took = performance.now() - before;
    expect(took).toBeGreaterThan(900);
    expect(took).toBeLessThan(50_000);
    expect((await next(gateway(), id, null))?.id).toBe(event);
  });

  test('wakes who waits in the middle of the wait of another', async () => {
    const topic = fresh('topic');
    const slow = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL', visibilityMs: 60_000 });
    const quick = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL', visibilityMs: 1_000 });
    const event = await gateway().send({ topic });
    await next(gateway(), slow);
    await next(gateway(), quick);
    const waiting = next(gateway(), [slow, quick], null);
    await delay(10);
    expect(await waiting).toMatchObject({ id: event, subscriptionId: quick });
  });

  test('counts what is out and what is to come in its lag', async () => {
    const { id, events } = await withEvents(3);
    const lag = async () => {
      const { data } = await gateway().ask<{ node: { lag: number } }>(
        '($id: ID!) { node(id: $id) { ... on DurableSubscription { lag } } }'.replace('(', 'query('),
        { id },
      );
      return data?.node.lag;
    };
    expect(await lag()).toBe(3);
    const first = await next(gateway(), id);
    expect(await lag()).toBe(3);
    await acknowledge(id, first!.position);
    expect(await lag()).toBe(2);
    await gateway().operations.deleteEvent(tester, events[2]!);
    expect(await lag()).toBe(1);
    expect((await read(gateway(), id)).position).toBe(first!.position);
  });
});

describePostgres('two gateways', (backend) => {
  const gateway = composedOnce(backend);

  test('hand an event out again at whichever somebody waits, and at one only', async () => {
    const other = await operationsOn(await backend.openAnother());
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic], ack: 'MANUAL', visibilityMs: 1_000 });
    const event = await gateway().send({ topic });
    expect((await next(gateway(), id))?.id).toBe(event);
    const both = [next(gateway(), id, 1_500), next(other, id, 1_500)];
    const got = (await Promise.all(both)).filter((one) => one !== null);
    expect(got.map((one) => one.id)).toEqual([event]);
    await other.stop();
  });
});
