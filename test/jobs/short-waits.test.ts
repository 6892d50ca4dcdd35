// Calls that wait for a short time: none answers less than one that only looks, however long the look takes.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DatabaseUnavailable } from '../../src/database/database.ts';
import { type Backend, describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, fresh, operationsOn, refusalOf } from '../support/gateway.ts';
import { interrupted, type Interruptions } from '../support/interrupted-database.ts';
import { next, serveParts, subscribe } from '../subscriptions/support.ts';
import { post } from '../http/support.ts';
import { enrollMany } from './support.ts';

/** One whose every look at the log takes longer than the calls wait. */
async function slowGateway(backend: Backend): Promise<Composed> {
  const database = interrupted(await backend.open(), {
    before: (text) => (/FROM log|FROM jobs/.test(text) ? delay(60) : undefined),
  });
  return operationsOn(database);
}

const waits = [1, 10, 50];

describeDatabases('a call that waits less long than its look takes', (backend) => {
  test('gets the job, or the jobs, that are there', async () => {
    const gateway = await slowGateway(backend);
    const topic = fresh('source');
    for (let n = 0; n < 4; n++) await gateway.send({ topic, payload: { n } });
    for (const waitMs of waits) {
      for (const where of [null, 'data.n >= 0']) {
        const asked = { sourceTopics: [topic], targetTopic: fresh('target'), where, waitMs };
        expect(await enrollMany(gateway, asked, 1)).toHaveLength(1);
        expect(await enrollMany(gateway, asked, 10)).toHaveLength(3);
        expect(await enrollMany(gateway, asked, 10)).toEqual([]);
      }
    }
    await gateway.stop();
  });

  test('gets the event that is there, over GraphQL too', async () => {
    const gateway = await slowGateway(backend);
    const topic = fresh('topic');
    const served = await serveParts(gateway);
    for (const timeoutMs of waits) {
      const ids = await Promise.all(
        [null, 'data.n == 1'].map((where) => subscribe(gateway, { topics: [topic], where })),
      );
      const event = await gateway.send({ topic, payload: { n: 1 } });
      for (const id of ids) expect((await next(gateway, id, timeoutMs))?.id).toBe(event);
      await gateway.send({ topic, payload: { n: 1 } });
      const query =
        'mutation($ids: [ID!]!, $ms: Int) { nextEvent(subscriptionIds: $ids, timeoutMs: $ms) { position } }';
      const { body } = await post(served, { query, variables: { ids, ms: timeoutMs } });
      expect(body).toMatchObject({ data: { nextEvent: { position: expect.any(String) } } });
      for (const id of ids) while (await next(gateway, id));
    }
    await gateway.stop();
  });
});

describePostgres('a call that waits for a short time beside one that waits long', (backend) => {
  test('looks for what another gateway has acknowledged, before the log tells of it', async () => {
    const reading: Interruptions = {};
    const here = await operationsOn(interrupted(await backend.open(), reading));
    const there = await operationsOn(await backend.openAnother());
    const asked = { sourceTopics: ['source'], targetTopic: 'target', where: 'data.n == 1' };
    const long = enrollMany(here, { ...asked, waitMs: 60_000 }, 1);
    // Until the long one has looked, and trusts the log.
    await delay(300);
    const events = await Promise.all([1, 2].map(() => there.send({ topic: 'source', payload: { n: 1 } })));
    const [short] = await enrollMany(here, { ...asked, waitMs: 1 }, 1);
    expect(events).toContain(short?.source?.id);
    expect(await long).toHaveLength(1);
    for (const gateway of [here, there]) await gateway.stop();
  });
});

describeDatabases('a call that could not look since the database is unreachable', (backend) => {
  test('fails when its time is over, as one that only looks does', async () => {
    let isUnreachable = false;
    const database = interrupted(await backend.open(), {
      before: (text) => {
        if (isUnreachable && /consumers|subscriptions|jobs/.test(text)) throw new DatabaseUnavailable('away');
        return undefined;
      },
    });
    const gateway = await operationsOn(database);
    const id = await subscribe(gateway, { topics: ['topic'] });
    isUnreachable = true;
    for (const ms of [0, 30]) {
      const asked = { targetTopic: fresh('target'), waitMs: ms };
      expect((await refusalOf(enrollMany(gateway, asked, 1))).code).toBe('DATABASE_UNAVAILABLE');
      expect((await refusalOf(next(gateway, id, ms))).code).toBe('DATABASE_UNAVAILABLE');
    }
    isUnreachable = false;
    await gateway.stop();
  });
});
