// Bulk mutations of status: what a filter selects is restarted or aborted, as far as it can be, and nothing else.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { type EventStatus, eventStatuses } from '../../src/domain/events/event.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { changeAll } from '../../src/operations/events/bulk.ts';
import type { BulkOutcome } from '../../src/operations/operations.ts';
import { countStatements, describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { bulkParts, insertChains, intercepted, snapshot, statementsPerBatch } from './bulk-support.ts';
import { reach } from './statuses.ts';

const mutations = ['restartEvents', 'abortEvents', 'deleteEvents'] as const;

/** What each may begin from, as the product's description has it. */
const changed: Readonly<Record<'restartEvents' | 'abortEvents', readonly EventStatus[]>> = {
  restartEvents: ['FINISHED', 'FAILED', 'ABORTED'],
  abortEvents: ['PENDING', 'IN_PROGRESS', 'RESTARTED'],
};
const statusOf = { restartEvents: 'RESTARTED', abortEvents: 'ABORTED' } as const;

describeDatabases('A bulk mutation', (backend) => {
  const gateway = composedOnce(backend);
  const pending = (input: SendInput = {}) => gateway().send({ finished: false, ...input });
  const bulk = (name: (typeof mutations)[number], filter: EventFilter | null, dryRun = false) =>
    gateway().operations[name](gateway().caller, filter, dryRun);

  /** One event of each status, all of one topic. */
  async function oneOfEach(topic: string): Promise<Map<EventStatus, string>> {
    const ids = new Map<EventStatus, string>();
    for (const status of eventStatuses) {
      const id = await pending({ topic });
      await reach(gateway(), id, status);
      ids.set(status, id);
    }
    return ids;
  }

  describe.each(mutations)('%s', (name) => {
    test.each([
      ['no filter', null],
      ['a filter without anything', {}],
      ['a filter of nulls', { topics: null, statuses: null, hasDependents: null, text: null }],
      ['a filter with an empty text', { text: '' }],
      ['a filter with a blank text', { text: ' \t ' }],
      ['a filter with conditions of which there are none', { conditions: { conditions: [] } }],
    ])('is refused with %s, and says how to mean everything', async (_what, filter) => {
      const id = await pending();
      const before = await snapshot(gateway());
      for (const dryRun of [false, true]) {
        const { code, message } = await refusalOf(bulk(name, filter, dryRun));
        expect(code).toBe('BAD_USER_INPUT');
        expect(message).toContain('createdBefore');
      }
      expect(await snapshot(gateway())).toEqual(before);
      expect(await gateway().read(id)).toMatchObject({ status: 'PENDING' });
    });

    test('is refused with a filter that a list would refuse', async () => {
      expect((await refusalOf(bulk(name, { ids: ['none'] }))).code).toBe('BAD_USER_INPUT');
      const topics = Array.from({ length: limits.batchItems + 1 }, (_, n) => `t${n}`);
      expect((await refusalOf(bulk(name, { topics }))).code).toBe('LIMIT_EXCEEDED');
    });

    test('with a list that is empty changes nothing, whatever else is given', async () => {
      const topic = fresh('topic');
      await oneOfEach(topic);
      const before = await snapshot(gateway());
      const lists = ['ids', 'topics', 'statuses', 'requestIds'] as const;
      for (const list of lists) {
        expect(await bulk(name, { topics: [topic], [list]: [] })).toEqual({ count: 0, ids: [] });
      }
      expect(await snapshot(gateway())).toEqual(before);
    });

    test('as a dry run changes nothing, and says what the real run then changes', async () => {
      const topic = fresh('topic');
      await oneOfEach(topic);
      const before = await snapshot(gateway());
      const announced = await bulk(name, { topics: [topic] }, true);
      expect(await snapshot(gateway())).toEqual(before);
      expect(announced.count).toBeGreaterThan(0);
      expect(await bulk(name, { topics: [topic] })).toEqual(announced);
      expect(await bulk(name, { topics: [topic] }, true)).toEqual({ count: 0, ids: [] });
    });

    test('in GraphQL answers count and ids, and is no dry run unless that is asked for', async () => {
      const topic = fresh('topic');
      const ids = await oneOfEach(topic);
      const ask = (args: string) =>
        gateway().ask<Record<string, BulkOutcome>>(
          `mutation ($topic: String!) { ${name}(filter: { topics: [$topic] }${args}) { count ids } }`,
          { topic },
        );
      const dry = await ask(', dryRun: true');
      expect(dry.errors).toEqual([]);
      expect(await ask(', dryRun: true')).toEqual(dry);
      expect(await ask(', dryRun: null')).toEqual(dry);
      expect((await ask('')).data![name]).toEqual({ count: 0, ids: [] });
      for (const id of dry.data![name]!.ids) expect([...ids.values()]).toContain(id);
    });

    test('in GraphQL is refused without a filter', async () => {
      for (const args of ['', '(dryRun: true)', '(filter: null)', '(filter: {})']) {
        const { errors } = await gateway().ask(`mutation { ${name}${args} { count } }`);
        expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
      }
    });
  });

  describe.each(['restartEvents', 'abortEvents'] as const)('%s', (name) => {
    test('changes those that can be, oldest first, and passes over the others', async () => {
      const topic = fresh('topic');
      const ids = await oneOfEach(topic);
      const expected = eventStatuses.filter((status) => changed[name].includes(status));
      const outcome = await bulk(name, { topics: [topic] });
      expect(outcome).toEqual({ count: 3, ids: expected.map((status) => ids.get(status)!) });
      for (const [status, id] of ids) {
        const now = expected.includes(status) ? statusOf[name] : status;
        expect(await gateway().read(id)).toMatchObject({ status: now });
      }
    });

    test('changes of the statuses given only those from which it can', async () => {
      const topic = fresh('topic');
      const ids = await oneOfEach(topic);
      const [first, ...others] = changed[name];
      const wrong = eventStatuses.filter((status) => !changed[name].includes(status));
      const outcome = await bulk(name, { topics: [topic], statuses: [first!, ...wrong] });
      expect(outcome).toEqual({ count: 1, ids: [ids.get(first!)] });
      expect(await bulk(name, { topics: [topic], statuses: wrong })).toEqual({ count: 0, ids: [] });
      for (const status of others) expect(await gateway().read(ids.get(status)!)).toMatchObject({ status });
    });

    test('leaves a history that names who did it, and a change in the feed', async () => {
      const topic = fresh('topic');
      const id = await pending({ topic });
      await reach(gateway(), id, changed[name][0]!);
      const feed = await gateway().subscribe<{ eventFeed: { event: { id: string; status: string } } }>(
        'subscription ($topic: String!) { eventFeed(filter: { topics: [$topic] }) { event { id status } } }',
        { topic },
      );
      await bulk(name, { topics: [topic] });
      expect((await feed.next()).eventFeed.event).toEqual({ id, status: statusOf[name] });
      feed.stop();
      const history = (await gateway().operations.historiesOf([id])).get(id)!;
      expect(history.at(-1)).toMatchObject({ from: changed[name][0], to: statusOf[name], by: 'tester' });
    });

    test('does not count what somebody else changed or deleted meanwhile', async () => {
      const topic = fresh('topic');
      const [from] = changed[name];
      const [deleted, moved, done, left] = [
        await pending({ topic }),
        await pending({ topic }),
        await pending({ topic }),
        await pending({ topic }),
      ];
      for (const id of [deleted, moved, done, left]) await reach(gateway(), id, from!);
      const { operations, caller, database } = gateway();
      const elsewhere = {
        restartEvents: ['RESTARTED', 'IN_PROGRESS'],
        abortEvents: ['FINISHED'],
      } as const;
      const between = async () => {
        await operations.deleteEvent(caller, deleted);
        for (const status of elsewhere[name]) await operations.updateEvent(caller, { id: moved, status });
        await operations.updateEvent(caller, { id: done, status: statusOf[name] });
      };
      const parts = bulkParts(intercepted(database, { afterPage: between }));
      const outcome = await changeAll(parts, caller, statusOf[name], { topics: [topic] }, false);
      expect(outcome).toEqual({ count: 1, ids: [left] });
      expect(await gateway().read(moved)).toMatchObject({ status: elsewhere[name].at(-1) });
    });
  });

  test('that aborts takes of those that failed the jobs that wait for their next run', async () => {
    const topic = fresh('topic');
    const fail = async () => {
      const id = await pending({ topic });
      await reach(gateway(), id, 'FAILED');
      return id;
    };
    const [plain, waiting, over] = [await fail(), await fail(), await fail()];
    await gateway().database.query({
      text: `WITH made AS (UPDATE events SET job = true WHERE id = ANY($1::uuid[]) RETURNING *)
        INSERT INTO jobs (event_id, source_id, position, source_position, ready_at, attempt, max_retries,
          retry_delay_ms, lease_ms, last_run, target, consumer)
        SELECT id, id, position, 1, CASE WHEN id = $2::uuid THEN now() END, 1, 3, 1000, 1000, false, topic, 'w' FROM made`,
      values: [[waiting, over], waiting],
    });
    const outcome = { count: 1, ids: [waiting] };
    expect(await bulk('abortEvents', { topics: [topic] }, true)).toEqual(outcome);
    expect(await bulk('abortEvents', { topics: [topic] })).toEqual(outcome);
    expect(await gateway().read(waiting)).toMatchObject({ status: 'ABORTED' });
    for (const id of [plain, over]) expect(await gateway().read(id)).toMatchObject({ status: 'FAILED' });
  });

  test('leaves alone what is created after it began, and so comes to an end', async () => {
    const topic = fresh('topic');
    const ids = [
      await gateway().send({ topic }),
      await gateway().send({ topic }),
      await gateway().send({ topic }),
    ];
    const { database, caller } = gateway();
    const arrivals: string[] = [];
    // One more for each that is handled: it would never catch up.
    const afterPage = async () => void arrivals.push(await gateway().send({ topic }));
    const run = (dryRun: boolean) =>
      changeAll(
        { ...bulkParts(intercepted(database, { afterPage })), batch: 1 },
        caller,
        'RESTARTED',
        { topics: [topic] },
        dryRun,
      );
    expect(await run(true)).toEqual({ count: 3, ids });
    ids.push(...arrivals.splice(0));
    expect(await run(false)).toEqual({ count: ids.length, ids });
    expect(arrivals.length).toBeGreaterThan(0);
    for (const id of arrivals) expect(await gateway().read(id)).toMatchObject({ status: 'FINISHED' });
    for (const id of ids) expect(await gateway().read(id)).toMatchObject({ status: 'RESTARTED' });
  });

  test('of more than a thousand counts them all and names the first thousand', async () => {
    const topic = fresh('topic');
    const ids = await insertChains(gateway(), { topic, count: 1_300, width: 1_300 });
    for (const dryRun of [true, false]) {
      const outcome = await bulk('restartEvents', { topics: [topic] }, dryRun);
      expect(outcome.count).toBe(1_300);
      expect(outcome.ids).toEqual(ids.slice(0, limits.bulkIds));
    }
    const { count } = await gateway().operations.countEvents({ topics: [topic], statuses: ['RESTARTED'] });
    expect(count).toBe(1_300);
  });

  test('twice at once counts each event once', async () => {
    const topic = fresh('topic');
    await insertChains(gateway(), { topic, count: 700, width: 700 });
    const both = await Promise.all([1, 2].map(() => bulk('restartEvents', { topics: [topic] })));
    expect(both[0]!.count + both[1]!.count).toBe(700);
  });

  test('continues where a search reached the scan limit', async () => {
    const topic = fresh('topic');
    const project = fresh('project');
    const needles = [await gateway().send({ topic, project, description: 'needle' })];
    await insertChains(gateway(), {
      topic: fresh('hay'),
      count: limits.scanRows + 1_000,
      width: 2_000,
      project,
    });
    needles.push(await gateway().send({ topic, project, description: 'needle' }));
    const outcome = { count: 2, ids: needles };
    const filter = { projects: [project], text: 'needle' };
    expect(await bulk('restartEvents', filter, true)).toEqual(outcome);
    expect(await bulk('restartEvents', filter)).toEqual(outcome);
    expect(await bulk('deleteEvents', filter)).toEqual({ count: 2, ids: needles.toReversed() });
  });

  test('asks for a page and a write per batch, and nothing per event', async () => {
    expect(await statementsPerBatch(gateway(), 'restartEvents')).toBe(2);
    expect(await statementsPerBatch(gateway(), 'abortEvents')).toBe(2);
  });

  test('whose writes are refused says so, and what it has done stays done', async () => {
    const topic = fresh('topic');
    await insertChains(gateway(), { topic, count: 3, width: 3 });
    const counting = countStatements(gateway().database);
    const stopped = await operationsOn(counting);
    await stopped.stop();
    const refusal = await refusalOf(stopped.operations.restartEvents(tester, { topics: [topic] }, false));
    expect(refusal.code).toBe('SHUTTING_DOWN');
    expect(await bulk('restartEvents', { topics: [topic] })).toMatchObject({ count: 3 });
  });
});
