// The figures of the system: the log, the gateways and the database.
import { expect, test } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { takeLogLock } from '../../src/store/events/log-lock.ts';
import { composedOnce, operationsOn } from '../support/gateway.ts';
import manifest from '../../package.json' with { type: 'json' };

const query = `{ position system {
  position oldestPosition gateways { id version startedAt lastSeenAt subscribers }
  database { kind sizeBytes deadRowShare oldestTransactionSeconds writeQueue }
} }`;

describeDatabases('The system', (backend) => {
  const gateway = composedOnce(backend);

  test('tells where the log begins and ends, and what the database is', async () => {
    expect((await gateway().ask<any>('{ system { position oldestPosition } }')).data).toEqual({
      system: { position: '0', oldestPosition: '0' },
    });
    const ids = [await gateway().send(), await gateway().send()];
    const [first, last] = await Promise.all(ids.map((id) => gateway().read(id)));
    const { data, errors } = await gateway().ask<any>(query);
    expect(errors).toEqual([]);
    expect(data.system).toMatchObject({
      position: String(last!.position),
      oldestPosition: String(first!.position),
      database: { kind: backend.kind, writeQueue: 0 },
    });
    expect(data.system.database.sizeBytes).toBeGreaterThan(100_000);
    for (const share of [data.system.database.deadRowShare ?? 0]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });

  test('names the gateway that answers, with its version and its open subscriptions', async () => {
    gateway().presence.counting(() => gateway().sharedSubscriptions.openCount);
    const ofOne = async () => (await gateway().ask<any>(query)).data.system.gateways;
    expect(await ofOne()).toMatchObject([{ version: manifest.version, subscribers: 0 }]);
    const reader = await gateway().subscribe('subscription { eventFeed { kind } }');
    expect(await ofOne()).toMatchObject([{ subscribers: 1 }]);
    reader.stop();
  });
});

describePostgres('The system', (backend) => {
  const gateway = composedOnce(backend);
  const idsOf = async () =>
    (await gateway().ask<any>(query)).data.system.gateways.map(({ id }: { id: string }) => id);

  test('names the other gateways as they reported themselves, until they stop or are gone for a minute', async () => {
    const other = await operationsOn(await backend.openAnother());
    await gateway().presence.report();
    const [own] = await idsOf();
    expect(await idsOf()).toEqual([own]);
    other.presence.counting(() => 7);
    await other.presence.report();
    const { gateways } = (await gateway().ask<any>(query)).data.system;
    expect(gateways.map(({ subscribers }: { subscribers: number }) => subscribers)).toEqual([0, 7]);
    const id = gateways[1].id;
    const text = `UPDATE gateways SET seen_at = now() - interval '61 seconds' WHERE id = $1`;
    await gateway().database.query({ text, values: [id] });
    expect(await idsOf()).toEqual([own]);
    await other.presence.report();
    expect(await idsOf()).toEqual([own, id]);
    await gateway().database.query({ text, values: [id] });
    await gateway().presence.report();
    await expect(
      gateway().database.query({ text: 'SELECT FROM gateways', values: [] }),
    ).resolves.toHaveLength(1);
    await other.presence.report();
    await other.stop();
    expect(await idsOf()).toEqual([own]);
  });

  test('knows the age of the oldest transaction of any program', async () => {
    const other = await backend.openAnother();
    const age = async () => (await gateway().ask<any>(query)).data.system.database.oldestTransactionSeconds;
    await other.transaction(async (tx) => {
      await tx.query({ text: 'SELECT pg_sleep(0.2)', values: [] });
      expect(await age()).toBeGreaterThan(0.19);
    });
  });

  test('counts the writes that wait', async () => {
    const other = await backend.openAnother();
    let sent: Promise<string> | undefined;
    await other.transaction(async (tx) => {
      await takeLogLock(tx);
      sent = gateway().send();
      expect((await gateway().ask<any>(query)).data.system.database.writeQueue).toBe(1);
    });
    await sent;
    expect((await gateway().ask<any>(query)).data.system.database.writeQueue).toBe(0);
  });
});
