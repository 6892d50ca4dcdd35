// Ticks: each once over any number of gateways, the last one after a time away, and none of a deleted trigger.
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { Scheduler } from '../../src/triggers/scheduler.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedForEach, operationsOn } from '../support/gateway.ts';
import { createTrigger, eventsOf, triggerNamed } from './support.ts';

const minute = 60_000;

/** Its clock stands still until the test sets it. */
class Clock {
  now = 0;

  schedulerOf({ database, operations }: Composed, send = operations.sendEvent): Scheduler {
    return new Scheduler({ database, send, logger: createLogger('silent'), now: () => this.now });
  }
}

/** Makes a schedule and sets the clock to its first tick. */
async function minutely(gateway: Composed, clock: Clock, more: object = {}) {
  const made = await createTrigger(gateway, { name: 'clock', schedule: { cron: '* * * * *' }, ...more });
  clock.now = Date.parse(made.nextRun!);
  return { ...made, first: clock.now };
}

const iso = (time: number) => new Date(time).toISOString();

const payloadsOf = async (gateway: Composed) =>
  (await eventsOf(gateway, 'clock')).map(({ payload }) => payload);

describeDatabases('A schedule', (backend) => {
  const gateway = composedForEach(backend);
  let clock: Clock;
  let scheduler: Scheduler;
  beforeEach(() => {
    clock = new Clock();
    scheduler = clock.schedulerOf(gateway());
  });

  test('makes one event of each tick, and says when the next one is', async () => {
    const { id, first } = await minutely(gateway(), clock, { topic: 'time' });
    clock.now = first - 1;
    await scheduler.tick();
    expect(await eventsOf(gateway(), 'clock')).toEqual([]);
    for (const now of [first, first, first + 30_000, first + minute]) {
      clock.now = now;
      await scheduler.tick();
    }
    const events = await eventsOf(gateway(), 'clock');
    expect(events).toMatchObject([
      {
        topic: 'time',
        eventType: 'tick',
        sender: 'clock',
        senderType: 'trigger',
        hash: `tick/${id}/${iso(first)}`,
        payload: { scheduledAt: iso(first), missed: 0 },
      },
      { payload: { scheduledAt: iso(first + minute), missed: 0 } },
    ]);
    expect(await triggerNamed(gateway(), 'clock')).toMatchObject({ nextRun: iso(first + 2 * minute) });
  });

  test('makes one event of the last tick after a time away, and says how many were missed', async () => {
    const { first } = await minutely(gateway(), clock);
    clock.now = first + 10.5 * minute;
    await scheduler.tick();
    clock.now = first + 11 * minute;
    await scheduler.tick();
    expect(await payloadsOf(gateway())).toEqual([
      { scheduledAt: iso(first + 10 * minute), missed: 10 },
      { scheduledAt: iso(first + 11 * minute), missed: 0 },
    ]);
  });

  test('does not tick when it is deleted or disabled', async () => {
    const { id } = await minutely(gateway(), clock);
    const text = 'UPDATE triggers SET enabled = false';
    await gateway().database.query({ text, values: [] });
    await scheduler.tick();
    await gateway().database.query({ text: text.replace('false', 'true'), values: [] });
    await gateway().operations.deleteTrigger(id);
    await scheduler.tick();
    expect(await eventsOf(gateway(), 'clock')).toEqual([]);
  });

  test('lets pass what its filter matches, and counts the ticks on which that fails once each', async () => {
    const { first } = await minutely(gateway(), clock, { eventType: 'tick', where: 'data.missed > 0' });
    await scheduler.tick();
    clock.now = first + 3 * minute;
    await scheduler.tick();
    expect(await payloadsOf(gateway())).toEqual([{ scheduledAt: iso(first + 3 * minute), missed: 2 }]);
    await gateway().operations.createTrigger({
      name: 'failing',
      schedule: { cron: '* * * * *' },
      where: 'data.nothing > 0',
    });
    clock.now = Date.parse((await triggerNamed(gateway(), 'failing')).nextRun!);
    await scheduler.tick();
    await scheduler.tick();
    expect(await eventsOf(gateway(), 'failing')).toEqual([]);
    expect(await triggerNamed(gateway(), 'failing')).toMatchObject({ filterErrors: 1 });
  });

  test('loses no tick whose event could not be stored, nor one of a gateway that died', async () => {
    const { first } = await minutely(gateway(), clock);
    const broken = clock.schedulerOf(gateway(), () => Promise.reject(new Error('it died')));
    await expect(broken.tick()).rejects.toThrow('it died');
    // Somebody has decided on it, and may be about to send it.
    await scheduler.tick();
    expect(await payloadsOf(gateway())).toEqual([]);
    clock.now = first + 5_001;
    await scheduler.tick();
    expect(await payloadsOf(gateway())).toEqual([{ scheduledAt: iso(first), missed: 0 }]);
  });

  test('makes no second event of a tick that was sent, but not settled', async () => {
    const { first } = await minutely(gateway(), clock);
    const broken = clock.schedulerOf(gateway(), async (caller, input) => {
      await gateway().operations.sendEvent(caller, input);
      throw new Error('it died');
    });
    await expect(broken.tick()).rejects.toThrow('it died');
    clock.now = first + minute;
    await scheduler.tick();
    await scheduler.tick();
    expect(await payloadsOf(gateway())).toEqual([
      { scheduledAt: iso(first), missed: 0 },
      { scheduledAt: iso(first + minute), missed: 0 },
    ]);
  });

  test('ticks by itself, also one that is made while all sleep, until it is stopped', async () => {
    clock.now = Date.now();
    scheduler.wake();
    await delay(20);
    const { first } = await minutely(gateway(), clock);
    scheduler.wake();
    while ((await eventsOf(gateway(), 'clock')).length === 0) await delay(10);
    await scheduler.stop();
    clock.now = first + minute;
    scheduler.wake();
    await delay(20);
    expect(await eventsOf(gateway(), 'clock')).toHaveLength(1);
  });
});

describePostgres('Two gateways', (backend) => {
  test('make one event of each tick', async () => {
    const one = await operationsOn(await backend.open());
    const other = await operationsOn(await backend.openAnother());
    const clock = new Clock();
    const { first } = await minutely(one, clock);
    const schedulers = [one, other, one, other].map((gateway) => clock.schedulerOf(gateway));
    const expected = [];
    for (let at = first; at < first + 20 * minute; at += minute) {
      clock.now = at;
      await Promise.all(schedulers.map((scheduler) => scheduler.tick()));
      expected.push({ scheduledAt: iso(at), missed: 0 });
    }
    expect(await payloadsOf(other)).toEqual(expected);
    await Promise.all([one.stop(), other.stop()]);
  });

  test('account for every tick once, whichever of them looks when', async () => {
    const one = await operationsOn(await backend.open());
    const other = await operationsOn(await backend.openAnother());
    const clock = new Clock();
    const { first } = await minutely(one, clock, { schedule: { cron: '* * * * * *' } });
    const schedulers = [one, other].map((gateway) => clock.schedulerOf(gateway));
    const steps = 60;
    for (let step = 1; step <= steps; step += 1) {
      // From a fraction of a tick to several at once; both look, or one of them.
      clock.now = first + step * 700;
      const looking = step === steps || step % 3 === 0 ? schedulers : [schedulers[step % 2]!];
      if (step % 7 > 2) await Promise.all(looking.map((scheduler) => scheduler.tick()));
    }
    const payloads = await payloadsOf(one);
    const times = payloads.map(({ scheduledAt }) => scheduledAt);
    expect(times).toEqual([...new Set(times)].sort());
    const accounted = payloads.reduce((sum, { missed }) => sum + 1 + missed, 0);
    expect(accounted).toBe((Date.parse(times.at(-1)) - first) / 1000 + 1);
    await Promise.all([one.stop(), other.stop()]);
  });
});

describe('A sleep', () => {
  test('is never longer than half a minute, for triggers that are made elsewhere', async () => {
    const asked: number[] = [];
    const database = {
      query: async () => {
        asked.push(performance.now());
        return [];
      },
    } as never;
    const { setTimeout: original } = globalThis;
    const sleeps: (number | undefined)[] = [];
    globalThis.setTimeout = ((work: () => void, ms?: number) => {
      sleeps.push(ms);
      return original(work, ms);
    }) as typeof setTimeout;
    const scheduler = new Scheduler({
      database,
      send: () => Promise.reject(),
      logger: createLogger('silent'),
    });
    scheduler.wake();
    while (sleeps.length === 0) await Promise.resolve();
    globalThis.setTimeout = original;
    await scheduler.stop();
    expect(sleeps).toEqual([30_000]);
  });
});
