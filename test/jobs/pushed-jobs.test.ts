// The subscription `jobs`: how many jobs a subscriber has, when more come, what it gives back, and what that costs.
import { expect, test, vi } from 'vitest';
import type { EnrollInput } from '../../src/domain/jobs/enroll.ts';
import type { PartialEvent } from '../../src/domain/events/event.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import type { Reader } from '../support/reader.ts';
import { enroll, enrollMany, pass } from './support.ts';

interface Pushed {
  readonly attempt: number;
  readonly leaseUntil: string;
  readonly event: { readonly id: string; readonly status: string };
  readonly source: { readonly id: string; readonly payload: { readonly n: number } };
}

const document = `subscription ($input: EnrollInput!, $prefetch: Int) { jobs(input: $input, prefetch: $prefetch) {
  attempt leaseUntil event { id status } source { id payload } } }`;

const newAsk = (more: Partial<Omit<EnrollInput, 'sourceTopics'>> = {}) => ({
  sourceTopics: [fresh('source')],
  targetTopic: fresh('target'),
  worker: 'worker',
  ...more,
});
type Asked = ReturnType<typeof newAsk>;

/** What a subscriber has got; a test that goes on too early finds fewer than it waits for, or more later. */
class Subscriber {
  readonly #reader: Reader<{ readonly jobs: Pushed }>;

  constructor(reader: Reader<{ readonly jobs: Pushed }>) {
    this.#reader = reader;
  }

  async take(count: number): Promise<Pushed[]> {
    return (await this.#reader.take(count)).map(({ jobs }) => jobs);
  }

  ended(): Promise<unknown> {
    return this.#reader.ended();
  }

  leave(): void {
    this.#reader.stop();
  }
}

async function push(gateway: Composed, input: object, prefetch: number, caller: Caller = tester) {
  return new Subscriber(await gateway.subscribeAs(caller, document, { input, prefetch }));
}

async function send(gateway: Composed, { sourceTopics }: Asked, count: number): Promise<void> {
  const [topic] = sourceTopics;
  const inputs = Array.from({ length: count }, (_, n) => ({ topic: topic!, payload: { n } }));
  await gateway.operations.sendEvents(tester, inputs);
}

const numbersOf = (jobs: readonly Pushed[]) => jobs.map(({ source }) => source.payload.n);

async function finish(gateway: Composed, jobs: readonly Pushed[], status = 'FINISHED'): Promise<void> {
  const inputs = jobs.map(({ event, attempt }) => ({ id: event.id, attempt, status: status as 'FINISHED' }));
  const { errors } = await gateway.operations.updateEvents(tester, inputs);
  expect(errors).toEqual([]);
}

const begin = (gateway: Composed, jobs: readonly Pushed[]) => finish(gateway, jobs, 'IN_PROGRESS');

/** The jobs of the target that somebody holds. */
async function heldOf({ database }: Composed, { targetTopic }: Asked): Promise<number> {
  const text = `SELECT count(*)::int AS held FROM jobs WHERE target = $1 AND worker IS NOT NULL AND ready_at > now()`;
  const [row] = await database.query<{ held: number }>({ text, values: [targetTopic] });
  return row!.held;
}

const untilHeld = (gateway: Composed, asked: Asked, count: number) =>
  vi.waitFor(async () => expect(await heldOf(gateway, asked)).toBe(count), { timeout: 20_000, interval: 20 });

/** Another worker gets what is left, which it does not get from a subscriber. */
async function others(gateway: Composed, asked: Asked): Promise<number[]> {
  const jobs = await enrollMany(gateway, { ...asked, worker: 'another' }, 1_000);
  return numbersOfSources(gateway, jobs);
}

async function numbersOfSources(
  gateway: Composed,
  jobs: readonly { readonly source: PartialEvent | null }[],
): Promise<number[]> {
  const sources = await Promise.all(jobs.map(({ source }) => gateway.read(source!.id)));
  return sources.map(({ payload }) => (payload as { n: number }).n);
}

describeDatabases('pushed jobs', (backend) => {
  const gateway = composedOnce(backend);

  test('are as many as are asked for, in order, with what is selected of them', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 5);
    const subscriber = await push(gateway(), asked, 3);
    const jobs = await subscriber.take(3);
    expect(numbersOf(jobs)).toEqual([0, 1, 2]);
    expect(jobs[0]).toMatchObject({ attempt: 1, event: { status: 'PENDING' } });
    const lease = (await gateway().operations.leasesOf([jobs[0]!.event.id])).get(jobs[0]!.event.id);
    expect(lease).toMatchObject({ worker: 'worker', until: new Date(jobs[0]!.leaseUntil) });
    // No more are claimed while these are unfinished: the others are for others.
    expect(await others(gateway(), asked)).toEqual([3, 4]);
    subscriber.leave();
  });

  test.each(['FINISHED', 'FAILED', 'ABORTED'])('are followed by more as they become %s', async (status) => {
    const asked = newAsk();
    await send(gateway(), asked, 6);
    const subscriber = await push(gateway(), asked, 3);
    const [first, ...rest] = await subscriber.take(3);
    await finish(gateway(), [first!], status);
    const [fourth] = await subscriber.take(1);
    expect(fourth!.source.payload.n).toBe(3);
    expect(await heldOf(gateway(), asked)).toBe(3);
    await finish(gateway(), [...rest, fourth!], status);
    expect(numbersOf(await subscriber.take(2))).toEqual([4, 5]);
    subscriber.leave();
  });

  test('are followed by more where they are released, deleted, or corrected by somebody else', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 6);
    const subscriber = await push(gateway(), asked, 2);
    const [first, second] = await subscriber.take(2);
    const { operations } = gateway();
    await operations.releaseJob(tester, first!.event.id, first!.attempt);
    // What is released can be claimed again, and comes first.
    const [again] = await subscriber.take(1);
    expect(again).toMatchObject({ attempt: 2, event: { id: first!.event.id } });
    await operations.deleteEvent(tester, second!.event.id);
    const [third] = await subscriber.take(1);
    expect(third!.source.payload.n).toBe(2);
    // A write without an attempt ends the lease.
    await operations.updateEvent(tester, { id: third!.event.id, description: 'corrected' });
    const [fourth] = await subscriber.take(1);
    expect(fourth).toMatchObject({ attempt: 2, event: { id: third!.event.id } });
    subscriber.leave();
  });

  test('are held by one who puts them back to PENDING with the attempt', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 3);
    const subscriber = await push(gateway(), asked, 2);
    const [first, second] = await subscriber.take(2);
    await begin(gateway(), [first!]);
    await finish(gateway(), [first!], 'PENDING');
    await finish(gateway(), [second!]);
    await subscriber.take(1);
    expect(await heldOf(gateway(), asked)).toBe(2);
    subscriber.leave();
  });

  test('are followed by more where their leases lapse', async () => {
    const asked = newAsk({ leaseMs: 30_000, maxRetries: 0 });
    await send(gateway(), asked, 2);
    const subscriber = await push(gateway(), asked, 1);
    const [first] = await subscriber.take(1);
    await pass(gateway(), first!.event.id);
    await gateway().jobs.sweep();
    const [second] = await subscriber.take(1);
    expect(second!.source.payload.n).toBe(1);
    expect((await gateway().read(first!.event.id)).status).toBe('FAILED');
    subscriber.leave();
  });

  test('are followed by more where nothing in the log says that their leases have lapsed, unless they were extended', async () => {
    const asked = newAsk({ leaseMs: 1_000 });
    await send(gateway(), asked, 2);
    const subscriber = await push(gateway(), asked, 2);
    const [first, second] = await subscriber.take(2);
    await gateway().operations.extendLease(second!.event.id, 1, 3_600_000);
    // Nobody sweeps here: the subscriber's own call is what claims it again.
    expect((await subscriber.take(1))[0]).toMatchObject({ attempt: 2, event: { id: first!.event.id } });
    expect(await heldOf(gateway(), asked)).toBe(2);
    await finish(gateway(), [second!]);
    subscriber.leave();
  });

  test('come as they are sent, one by one or many together', async () => {
    const asked = newAsk();
    const subscriber = await push(gateway(), asked, 10);
    for (const count of [1, 1, 5]) {
      await send(gateway(), asked, count);
      const jobs = await subscriber.take(count);
      expect(numbersOf(jobs)).toEqual(Array.from({ length: count }, (_, n) => n));
      await finish(gateway(), jobs);
    }
    subscriber.leave();
  });

  test('go back at once where the subscriber leaves, unless they were begun', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 5);
    const subscriber = await push(gateway(), asked, 4);
    const jobs = await subscriber.take(4);
    await begin(gateway(), [jobs[1]!, jobs[3]!]);
    subscriber.leave();
    await untilHeld(gateway(), asked, 2);
    // Those that were given back were no attempts that failed.
    const again = await enrollMany(gateway(), { ...asked, worker: 'another' }, 10);
    expect((await numbersOfSources(gateway(), again)).toSorted()).toEqual([0, 2, 4]);
    for (const { event } of again) expect((await gateway().read(event.id)).retries).toBe(0);
    await finish(gateway(), [jobs[1]!, jobs[3]!]);
    for (const n of [0, 2]) {
      const stale = { id: jobs[n]!.event.id, attempt: 1, status: 'FINISHED' } as const;
      expect(await refusalOf(gateway().operations.updateEvent(tester, stale))).toMatchObject({
        code: 'LEASE_LOST',
      });
    }
  });

  test('are kept where they were begun a moment before the subscriber leaves', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 20);
    const subscriber = await push(gateway(), asked, 20);
    const jobs = await subscriber.take(20);
    const beginning = begin(gateway(), jobs.slice(0, 10));
    subscriber.leave();
    await beginning;
    await untilHeld(gateway(), asked, 10);
    await finish(gateway(), jobs.slice(0, 10));
  });

  test('are not claimed for one who left while it waited', async () => {
    const asked = newAsk();
    const subscriber = await push(gateway(), asked, 5);
    subscriber.leave();
    await send(gateway(), asked, 2);
    expect(await others(gateway(), asked)).toEqual([0, 1]);
  });

  test('are shared by two subscribers, of whom none has more than it asked for', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 100);
    const counts = [0, 0];
    const seen = new Set<number>();
    const subscribers = await Promise.all([push(gateway(), asked, 5), push(gateway(), asked, 5)]);
    const work = async (index: number) => {
      while (seen.size < 100) {
        const [job] = await subscribers[index]!.take(1);
        expect(seen.has(job!.source.payload.n)).toBe(false);
        seen.add(job!.source.payload.n);
        counts[index]! += 1;
        expect(await heldOf(gateway(), asked)).toBeLessThanOrEqual(10);
        await finish(gateway(), [job!]);
      }
      for (const each of subscribers) each.leave();
    };
    const stopped = (error: unknown) => {
      if (seen.size < 100) throw error;
    };
    await Promise.all([work(0).catch(stopped), work(1).catch(stopped)]);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(25);
  });

  test('are one at a time where they are sequential', async () => {
    const asked = newAsk({ sequential: true });
    await send(gateway(), asked, 3);
    const subscriber = await push(gateway(), asked, 10);
    for (let n = 0; n < 3; n++) {
      const [job] = await subscriber.take(1);
      expect(job!.source.payload.n).toBe(n);
      expect(await heldOf(gateway(), asked)).toBe(1);
      await finish(gateway(), [job!]);
    }
    subscriber.leave();
  });

  test('begin with what a sticky worker held, and go on with others', async () => {
    const asked = newAsk({ sticky: true });
    await send(gateway(), asked, 3);
    const own = await enroll(gateway(), asked);
    const subscriber = await push(gateway(), asked, 2);
    const [again] = await subscriber.take(1);
    expect(again).toMatchObject({ attempt: 1, event: { id: own!.event.id } });
    const [next] = await subscriber.take(1);
    expect(next!.source.payload.n).toBe(1);
    await finish(gateway(), [again!]);
    expect(numbersOf(await subscriber.take(1))).toEqual([2]);
    // What it held before, it may be working on.
    subscriber.leave();
    await untilHeld(gateway(), asked, 0);
  });

  test('are those that the filters let through', async () => {
    const asked = newAsk({ where: 'data.n > 2 && data.n < 5' });
    await send(gateway(), asked, 10);
    const subscriber = await push(gateway(), asked, 10);
    const jobs = await subscriber.take(2);
    expect(numbersOf(jobs)).toEqual([3, 4]);
    subscriber.leave();
  });

  test('are the events of the target topic themselves without source topics', async () => {
    const asked = { targetTopic: fresh('queue'), worker: 'worker' };
    const query = `subscription ($input: EnrollInput!) { jobs(input: $input, prefetch: 2) {
      attempt event { id payload } source { id } } }`;
    const queue = (n: number) =>
      gateway().operations.sendEvent(tester, { topic: asked.targetTopic, finished: false, payload: { n } });
    for (const n of [0, 1, 2]) await queue(n);
    const reader = await gateway().subscribe<{ jobs: Pushed }>(query, { input: asked });
    const jobs = (await reader.take(2)).map((data) => data.jobs);
    expect(jobs).toMatchObject([0, 1].map((n) => ({ event: { payload: { n } }, source: null })));
    await finish(gateway(), jobs);
    expect((await reader.next()).jobs).toMatchObject({ event: { payload: { n: 2 } } });
    await queue(3);
    expect((await reader.next()).jobs).toMatchObject({ event: { payload: { n: 3 } } });
    reader.stop();
    await vi.waitFor(async () =>
      expect(
        await enrollMany(gateway(), { ...asked, sourceTopics: null, worker: 'another' }, 9),
      ).toHaveLength(2),
    );
  });

  test('are of the rows and for the scope of the key, which reads what it was given', async () => {
    const asked = newAsk();
    const [topic] = asked.sourceTopics;
    const { operations } = gateway();
    for (const project of ['a', 'b', 'a']) await operations.sendEvent(tester, { topic: topic!, project });
    const rows = { projects: ['a'], topics: null, requestIds: null };
    const id = '0195f000-0000-7000-8000-00000000000b';
    const worker = { name: 'w', keyId: id, scopes: ['jobs:work'], rows, requestId: null };
    const subscriber = await push(gateway(), asked, 10, worker);
    expect(await subscriber.take(2)).toHaveLength(2);
    subscriber.leave();
    await untilHeld(gateway(), asked, 0);
    const refused = push(gateway(), asked, 10, { ...worker, scopes: ['events:read'] });
    expect((await refusalOf(refused)).message).toContain('jobs:work');
  });

  test.each([0, 1_001])('are refused to a prefetch of %i', async (prefetch) => {
    const refused = await refusalOf(push(gateway(), newAsk(), prefetch));
    expect(refused.message).toBe(`prefetch is ${prefetch}; 1 to 1000 is allowed.`);
  });

  test('whose answer fails are given back, and end the subscription with the error', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 2);
    const eventsByIds = gateway().operations.eventsByIds;
    gateway().operations.eventsByIds = async () => {
      throw new Error('not to be read');
    };
    const subscriber = await push(gateway(), asked, 2);
    expect(await subscriber.ended()).toMatchObject([{ path: ['jobs', 'source', 'payload'] }]);
    gateway().operations.eventsByIds = eventsByIds;
    await untilHeld(gateway(), asked, 0);
  });

  test('take no more statements for a hundred than for a few', async () => {
    const asked = newAsk();
    await send(gateway(), asked, 420);
    const database = countStatements(gateway().database);
    const alone = await operationsOn(database);
    const subscriber = await push(alone, asked, 100);
    let jobs = await subscriber.take(100);
    database.statements.length = 0;
    for (let round = 0; round < 3; round++) {
      await finish(alone, jobs);
      jobs = await subscriber.take(100);
    }
    // The update, the log, the claim, the payloads; now and then sources are read ahead, and the position is saved.
    expect(database.statements.length / 3).toBeLessThanOrEqual(8);
    subscriber.leave();
    await untilHeld(alone, asked, 0);
    await alone.stop();
  });
});

describePostgres('pushed jobs of two gateways', (backend) => {
  const gateway = composedOnce(backend);

  test('are followed by more as they end at the other', async () => {
    const other = await operationsOn(await backend.openAnother());
    const asked = newAsk();
    await send(gateway(), asked, 4);
    const subscriber = await push(gateway(), asked, 2);
    await finish(other, await subscriber.take(2));
    expect(numbersOf(await subscriber.take(2))).toEqual([2, 3]);
    subscriber.leave();
    await other.stop();
  });
});
