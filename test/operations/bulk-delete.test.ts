// Deleting all that a filter selects: no event loses its parent, and what stays and what goes is what a plain model says.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DatabaseUnavailable, type Database } from '../../src/database/database.ts';
import { eventStatuses } from '../../src/domain/events/event.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { deleteAll } from '../../src/operations/events/bulk.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { composedForEach, composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { bulkParts, insertChains, intercepted, snapshot, statementsPerBatch } from './bulk-support.ts';
import { clear, filter, idsOf, inOrder, listIds, type Row, row, select, write } from './dataset.ts';

/** What goes: those selected below which all are selected, newest first; oldest first where no parents are selected. */
function deletable(rows: readonly Row[], given: EventFilter): string[] {
  const selected = new Set(idsOf(select(rows, given)));
  const goes = (event: Row): boolean =>
    selected.has(event.id) &&
    rows.filter(({ dependsOnId }) => dependsOnId === event.id).every((child) => goes(child));
  return idsOf(inOrder(rows.filter(goes), 'CREATED', given.hasDependents === false ? 'ASC' : 'DESC'));
}

/** One or two of the conditions of a random filter: with all of them hardly anything would be selected. */
const someConditions: fc.Arbitrary<EventFilter> = fc
  .tuple(filter, fc.nat(), fc.integer({ min: 1, max: 2 }))
  .map(([given, start, count]) => {
    const conditions = Object.entries(given);
    const first = start % Math.max(1, conditions.length);
    return Object.fromEntries([...conditions, ...conditions].slice(first, first + count));
  })
  .filter(({ text, ...others }) => Object.keys(others).length > 0 || (text ?? '').trim() !== '');

/** Most of the events. */
const mostStatuses: fc.Arbitrary<EventFilter> = fc.record({
  statuses: fc.uniqueArray(fc.constantFrom(...eventStatuses), { minLength: 4, maxLength: 5 }),
});

interface DeletedEntry {
  readonly event_id: string;
  readonly by: string;
  readonly topic: string;
  readonly request_id: string;
}

describeDatabases('A bulk deletion', (backend) => {
  const gateway = composedForEach(backend);
  const send = (input: SendInput = {}) => gateway().send(input);
  const remove = (given: EventFilter, dryRun = false) =>
    gateway().operations.deleteEvents(gateway().caller, given, dryRun);
  const everything = { topics: ['*'] };
  const deletions = () =>
    gateway().database.query<DeletedEntry>({
      text: `SELECT event_id, "by", topic, request_id FROM log WHERE kind = 'DELETED' ORDER BY position`,
      values: [],
    });

  /** With what happens in between; in small batches if they are given. */
  function removeOn(database: Database, given: EventFilter, batch = 500, dryRun = false) {
    return deleteAll({ ...bulkParts(database), batch }, gateway().caller, given, dryRun);
  }

  test('of random trees, in batches of any size, does what a plain model does, and the dry run foretells it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.oneof(someConditions, mostStatuses),
        fc.integer({ min: 1, max: 7 }),
        async (plans, given, batch) => {
          await clear(gateway());
          // In the order of their creation, as parents and children are.
          const rows = await write(
            gateway(),
            plans.toSorted((a, b) => a.second - b.second),
          );
          const ids = deletable(rows, given);
          const before = await snapshot(gateway());
          const { database } = gateway();
          expect(await removeOn(database, given, batch, true)).toEqual({ count: ids.length, ids });
          expect(await snapshot(gateway())).toEqual(before);

          expect(await removeOn(database, given, batch)).toEqual({ count: ids.length, ids });
          const gone = new Set(ids);
          const left = rows.filter(({ id }) => !gone.has(id));
          expect(await listIds(gateway(), null)).toEqual(idsOf(inOrder(left, 'CREATED', 'ASC')));
          const byId = new Map(rows.map((event) => [event.id, event]));
          expect(await deletions()).toEqual(
            ids.map((id) => ({
              event_id: id,
              by: 'tester',
              topic: byId.get(id)!.topic,
              request_id: byId.get(id)!.requestId,
            })),
          );
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test('of a whole tree leaves nothing, in one batch as in many', async () => {
    for (const batch of [500, 2, 1]) {
      const root = await send();
      const [left, right] = [await send({ dependsOn: root }), await send({ dependsOn: root })];
      const ids = [root, left, right, await send({ dependsOn: left })];
      const outcome = await removeOn(gateway().database, everything, batch);
      expect(outcome).toEqual({ count: 4, ids: ids.toReversed() });
      expect(await listIds(gateway(), null)).toEqual([]);
    }
  });

  test('keeps whatever is above an event that is not selected', async () => {
    const root = await send({ topic: 'go' });
    const middle = await send({ topic: 'go', dependsOn: root });
    const stays = await send({ topic: 'stay', dependsOn: middle });
    const below = await send({ topic: 'go', dependsOn: stays });
    const beside = await send({ topic: 'go', dependsOn: root });
    const outcome = { count: 2, ids: [beside, below] };
    const { database } = gateway();
    for (const batch of [1, 2, 500])
      expect(await removeOn(database, { topics: ['go'] }, batch, true)).toEqual(outcome);
    expect(await removeOn(database, { topics: ['go'] }, 1)).toEqual(outcome);
    expect(await listIds(gateway(), null)).toEqual([root, middle, stays]);
  });

  test('takes a name that an event does not have for one that is not selected', async () => {
    const parent = await send({ project: 'p' });
    await send({ dependsOn: parent });
    for (const dryRun of [true, false]) {
      expect(await remove({ projects: ['p'] }, dryRun)).toEqual({ count: 0, ids: [] });
    }
  });

  test('of events without dependents does not eat up the tree, however small the batches', async () => {
    const root = await send();
    const middle = await send({ dependsOn: root });
    const leaf = await send({ dependsOn: middle });
    const other = await send({ dependsOn: root });
    const outcome = { count: 2, ids: [leaf, other] };
    for (const dryRun of [true, false]) {
      expect(await removeOn(gateway().database, { hasDependents: false }, 1, dryRun)).toEqual(outcome);
    }
    expect(await listIds(gateway(), null)).toEqual([root, middle]);
  });

  test('of events with dependents deletes nothing, for the last below them has none', async () => {
    await send({ dependsOn: await send() });
    const before = await snapshot(gateway());
    for (const dryRun of [true, false]) {
      expect(await remove({ hasDependents: true }, dryRun)).toEqual({ count: 0, ids: [] });
    }
    expect(await snapshot(gateway())).toEqual(before);
  });

  test('reaches the feed as deletions, children first', async () => {
    const root = await send();
    const child = await send({ dependsOn: root });
    const feed = await gateway().subscribe<{ eventFeed: { kind: string; event: { id: string } } }>(
      'subscription { eventFeed(kinds: [DELETED]) { kind event { id } } }',
    );
    await remove(everything);
    const changes = await feed.take(2);
    expect(changes.map(({ eventFeed }) => eventFeed.event.id)).toEqual([child, root]);
    feed.stop();
  });

  describe('while others write', () => {
    test('keeps what got a dependent since its page was read, with all above it', async () => {
      const root = await send();
      const parent = await send({ dependsOn: root });
      const other = await send();
      let child = '';
      const afterPage = async () => {
        if (child === '') child = await send({ dependsOn: parent });
      };
      const outcome = await removeOn(intercepted(gateway().database, { afterPage }), everything);
      expect(outcome).toEqual({ count: 1, ids: [other] });
      expect(await listIds(gateway(), null)).toEqual([root, parent, child]);
    });

    test('keeps what the filter does not select any more', async () => {
      const topic = fresh('topic');
      const root = await send({ topic });
      const parent = await send({ topic, dependsOn: root });
      const child = await send({ topic, dependsOn: parent });
      const { database, operations, caller } = gateway();
      const afterPage = async () => {
        await operations.updateEvent(caller, { id: parent, status: 'RESTARTED' });
      };
      const given = { topics: [topic], statuses: ['FINISHED'] } as const;
      const outcome = await removeOn(intercepted(database, { afterPage }), given);
      expect(outcome).toEqual({ count: 1, ids: [child] });
    });

    test('passes over what somebody else has deleted', async () => {
      const root = await send();
      const child = await send({ dependsOn: root });
      const { database, operations, caller } = gateway();
      const afterPage = async () => void (await operations.deleteEvent(caller, child));
      expect(await removeOn(intercepted(database, { afterPage }), everything)).toEqual({
        count: 1,
        ids: [root],
      });
      expect(await deletions()).toHaveLength(2);
    });

    test('twice at once counts each event once', async () => {
      const topic = fresh('topic');
      await insertChains(gateway(), { topic, count: 1_200, width: 30 });
      const both = await Promise.all([remove({ topics: [topic] }), remove({ topics: [topic] })]);
      expect(both[0].count + both[1].count).toBe(1_200);
      expect(await deletions()).toHaveLength(1_200);
    });

    test('never fails for dependents that come at that very moment, and orphans none', async () => {
      const topic = fresh('topic');
      await insertChains(gateway(), { topic, count: 400, width: 40 });
      const parents = await listIds(gateway(), { topics: [topic] });
      let done = false;
      let sent = 0;
      const sender = async (n: number) => {
        for (let k = n; !done; k += 4) {
          const dependsOn = parents[(k * 7) % parents.length]!;
          const outcome = await send({ topic: 'child', dependsOn }).then(
            () => 'sent',
            (error: { code?: string }) => error.code,
          );
          expect(['sent', 'NOT_FOUND']).toContain(outcome);
          if (outcome === 'sent') sent += 1;
        }
      };
      const senders = Promise.all([0, 1, 2, 3].map((n) => sender(n)));
      const outcome = await removeOn(gateway().database, { topics: [topic] }, 10).finally(() => {
        done = true;
      });
      await senders;
      expect(await deletions()).toHaveLength(outcome.count);
      expect(await listIds(gateway(), { topics: ['child'] }).then(({ length }) => length)).toBe(
        Math.min(sent, 1_000),
      );
      const left = await listIds(gateway(), { topics: [topic] });
      expect(left).toHaveLength(400 - outcome.count);
      // What is left has something below it that came since.
      expect(await listIds(gateway(), { topics: [topic], hasDependents: false })).toEqual([]);
    });
  });

  test('leaves alone what is created after it began, and so comes to an end', async () => {
    const { database } = gateway();
    for (const given of [everything, { hasDependents: false }]) {
      await clear(gateway());
      const ids = [await send(), await send()];
      const afterPage = async () => void (await send());
      const outcome = await removeOn(intercepted(database, { afterPage }), given, 1);
      expect(new Set(outcome.ids)).toEqual(new Set(ids));
      expect(await listIds(gateway(), null)).not.toEqual([]);
    }
  });

  test('of 20,000 is done in batches, with sends answered between them, and the log in order', async () => {
    const topic = fresh('topic');
    await insertChains(gateway(), { topic, count: 20_000, width: 100 });
    const counting = countStatements(gateway().database);
    const counted = await operationsOn(counting);
    counting.statements.length = 0;
    expect(await counted.operations.deleteEvents(tester, { topics: [topic] }, true)).toMatchObject({
      count: 20_000,
    });
    expect(counting.statements.length).toBeLessThan(2 * 41 + 10);

    counting.statements.length = 0;
    let done = false;
    const deleting = counted.operations.deleteEvents(tester, { topics: [topic] }, false).finally(() => {
      done = true;
    });
    let sends = 0;
    for (; !done; sends++) await send({ topic: 'between' });
    const outcome = await deleting;
    expect(outcome.count).toBe(20_000);
    expect(outcome.ids).toHaveLength(1_000);
    expect(counting.statements.length).toBeLessThan(3 * 41 + sends + 10);
    await counted.stop();

    const [order] = await gateway().database.query<{ between: number; deleted: number; rising: boolean }>({
      text: `SELECT count(*) FILTER (WHERE kind = 'CREATED')::int4 AS between,
          count(*) FILTER (WHERE kind = 'DELETED')::int4 AS deleted, bool_and(at >= before) AS rising
        FROM (SELECT *, coalesce(lag(at) OVER (ORDER BY position), at) AS before FROM log) l
        WHERE position BETWEEN (SELECT min(position) FROM log WHERE kind = 'DELETED')
          AND (SELECT max(position) FROM log WHERE kind = 'DELETED')`,
      values: [],
    });
    expect(order).toMatchObject({ deleted: 20_000, rising: true });
    // One flush of sends, at least, after most of the batches.
    expect(order!.between).toBeGreaterThan(20);
    expect(await listIds(gateway(), { topics: [topic] })).toEqual([]);
  });

  test('asks for a page, the lock and a deletion per batch, and nothing per event', async () => {
    expect(await statementsPerBatch(gateway(), 'deleteEvents')).toBe(3);
    expect(await statementsPerBatch(gateway(), 'deleteEvents', true)).toBe(2);
  });

  test('counts what it deleted before the connection was lost', async () => {
    const root = await send();
    const ids = [await send({ dependsOn: root }), root];
    let lost = 0;
    const afterCommit = () => {
      lost += 1;
      return lost > 1 ? Promise.resolve() : Promise.reject(new DatabaseUnavailable(new Error('cut off')));
    };
    const outcome = await removeOn(intercepted(gateway().database, { afterCommit }), everything);
    expect(lost).toBe(2);
    expect(outcome).toEqual({ count: 2, ids });
    expect(await deletions()).toHaveLength(2);
  });

  test('fails while the database is unreachable, and changes nothing half-way', async () => {
    await send({ dependsOn: await send() });
    const before = await snapshot(gateway());
    const beforeCommit = () => Promise.reject(new DatabaseUnavailable(new Error('cut off')));
    const database = intercepted(gateway().database, { beforeCommit });
    const parts = bulkParts(database, { timeoutMs: 200 });
    const refusal = await refusalOf(deleteAll(parts, gateway().caller, everything, false));
    expect(refusal.code).toBe('DATABASE_UNAVAILABLE');
    expect(await snapshot(gateway())).toEqual(before);
  });

  test('is finished, as far as its batch goes, before the writer has stopped', async () => {
    for (let n = 0; n < 4; n++) await send();
    let stopped: Promise<void> | undefined;
    const parts = bulkParts(
      intercepted(gateway().database, {
        beforeTransaction: async () => {
          stopped ??= parts.writer.stop();
        },
      }),
    );
    const refusal = await refusalOf(deleteAll({ ...parts, batch: 2 }, gateway().caller, everything, false));
    await stopped;
    expect(refusal.code).toBe('SHUTTING_DOWN');
    expect(await deletions()).toHaveLength(2);
    expect(await listIds(gateway(), null)).toHaveLength(2);
  });
});

describePostgres('A bulk deletion', (backend) => {
  const gateway = composedOnce(backend);

  test('holds the lock of the log until it is committed, so that positions follow commits', async () => {
    await gateway().send({ topic: 'deleted' });
    const server = await backend.openAnother();
    const waits = async () => {
      const rows = await server.query({
        text: `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        values: [],
      });
      return rows.length > 0;
    };
    let answered = false;
    let sending: Promise<string> | undefined;
    const beforeCommit = async () => {
      sending = gateway()
        .send({ topic: 'sent' })
        .finally(() => {
          answered = true;
        });
      while (!answered && !(await waits()));
      expect(answered).toBe(false);
    };
    const parts = bulkParts(intercepted(gateway().database, { beforeCommit }));
    await deleteAll(parts, tester, { topics: ['deleted'] }, false);
    const sent = await sending;
    const [last] = await server.query<{ event_id: string }>({
      text: 'SELECT event_id FROM log ORDER BY position DESC LIMIT 1',
      values: [],
    });
    expect(last?.event_id).toBe(sent);
  });
});
