// Durable subscriptions that are moved in the log, also while gateways hold their position in memory.
import { expect, test } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';

describeDatabases('A durable subscription that is moved', (backend) => {
  const gateway = composedOnce(backend);
  const next = async (id: string) =>
    (await gateway().operations.nextEvent(tester, [id], 0))?.event.id ?? null;

  async function prepared(ack: 'AUTO' | 'MANUAL') {
    const topic = fresh('moved');
    const { operations } = gateway();
    const { id } = await operations.subscribe(tester, { topics: [topic], after: '0', ack });
    const ids = [
      await gateway().send({ topic }),
      await gateway().send({ topic }),
      await gateway().send({ topic }),
    ];
    const positions = await Promise.all(
      ids.map(async (each) => String((await gateway().read(each)).position)),
    );
    return { id, ids, positions };
  }

  test('redelivers events after the position, and skips those before it', async () => {
    const { id, ids, positions } = await prepared('AUTO');
    expect([await next(id), await next(id), await next(id), await next(id)]).toEqual([...ids, null]);
    const { operations } = gateway();
    expect(await operations.moveSubscription(id, positions[0]!)).toMatchObject({
      position: BigInt(positions[0]!),
    });
    expect(await next(id)).toBe(ids[1]);
    await operations.moveSubscription(id, positions[2]!);
    expect(await next(id)).toBeNull();
    await operations.moveSubscription(id, '0');
    expect([await next(id), await next(id), await next(id), await next(id)]).toEqual([...ids, null]);
  });

  test('drops deliveries that were not acknowledged', async () => {
    const { id, ids, positions } = await prepared('MANUAL');
    expect(await next(id)).toBe(ids[0]);
    await gateway().operations.moveSubscription(id, positions[1]!);
    expect(await next(id)).toBe(ids[2]);
    const [{ count } = { count: -1 }] = await gateway().database.query<{ count: number }>({
      text: 'SELECT count(*)::int4 AS count FROM deliveries WHERE subscription_id = $1',
      values: [id],
    });
    expect(count).toBe(1);
  });

  test('is refused a position past the end of the log, and an unknown id', async () => {
    const { id } = await prepared('AUTO');
    const { operations } = gateway();
    expect(await refusalOf(operations.moveSubscription(id, '99999999'))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    const unknown = '0195f000-0000-7000-8000-000000000000';
    expect(await refusalOf(operations.moveSubscription(unknown, '0'))).toMatchObject({
      code: 'NO_SUCH_SUBSCRIPTION',
    });
  });

  test('wakes a waiting call', async () => {
    const { id, ids } = await prepared('AUTO');
    for (const each of ids) expect(await next(id)).toBe(each);
    const waiting = gateway().operations.nextEvent(tester, [id], 20_000);
    await gateway().operations.moveSubscription(id, '0');
    expect((await waiting)?.event.id).toBe(ids[0]);
  });
});

describePostgres('A durable subscription in the memory of another gateway', (backend) => {
  const gateway = composedOnce(backend);

  test('is moved there as well', async () => {
    const other = await operationsOn(gateway().database);
    try {
      const topic = fresh('moved');
      const { id } = await other.operations.subscribe(tester, { topics: [topic], after: '0' });
      const sent = await gateway().send({ topic });
      const next = async () => (await other.operations.nextEvent(tester, [id], 20_000))?.event.id;
      expect(await next()).toBe(sent);
      expect(await other.operations.nextEvent(tester, [id], 0)).toBeNull();
      await gateway().operations.moveSubscription(id, '0');
      expect(await next()).toBe(sent);
    } finally {
      await other.stop();
    }
  });
});
