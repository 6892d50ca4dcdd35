// Manual acknowledgement: an unacknowledged event is redelivered after the visibility timeout.
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

  test('redelivers an event that is not acknowledged in time, before newer ones', async () => {
    const { id, events } = await withEvents(3);
    expect((await next(gateway(), id))?.id).toBe(events[0]);
    expect((await next(gateway(), id))?.id).toBe(events[1]);
    await pass(gateway(), id);
    expect(await drain(gateway(), id)).toEqual(events);
    expect(await next(gateway(), id)).toBeNull();
  });

  test('does not redeliver an acknowledged event; acknowledging twice is allowed', async () => {
    const { id, events } = await withEvents(2);
    const first = await next(gateway(), id);
    await next(gateway(), id);
    expect(await acknowledge(id, first!.position)).toMatchObject({ id, ack: 'MANUAL' });
    await acknowledge(id, first!.position);
    await pass(gateway(), id);
    expect(await drain(gateway(), id)).toEqual([events[1]]);
  });

  test('accepts an acknowledgement after the visibility timeout', async () => {
    const { id } = await withEvents(1);
    const first = await next(gateway(), id);
    await pass(gateway(), id);
    await acknowledge(id, first!.position);
    expect(await next(gateway(), id)).toBeNull();
  });

  test('skips the redelivery of an event that was deleted meanwhile', async () => {
    const { id, events } = await withEvents(2);
    await next(gateway(), id);
    await gateway().operations.deleteEvent(tester, events[0]!);
    await pass(gateway(), id);
    expect(await drain(gateway(), id)).toEqual([events[1]]);
  });

  test('refuses the acknowledgement of an event that it has not delivered', async () => {
    const { id } = await withEvents(1);
    const first = await next(gateway(), id);
    const refused = await refusalOf(acknowledge(id, first!.position + 1n));
    expect(refused).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/not handed out/),
    });
  });

  test('is required by acknowledge', async () => {
    const id = await subscribe(gateway(), { topics: ['*'] });
    const refused = await refusalOf(acknowledge(id, 0n));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/ack: AUTO/) });
  });

  test('wakes a waiting call when the visibility timeout of an event ends', async () => {
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

  test('wakes a waiting call while another call is waiting for longer', async () => {
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

  test('includes unacknowledged and undelivered events in its lag', async () => {
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

  test('redeliver an event at the gateway with a waiting call, and at one only', async () => {
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
