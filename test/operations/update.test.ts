// Changing and deleting: which status may follow which, what is kept of it, and progress, which touches no row.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { type EventStatus, eventStatuses, type StatusChange } from '../../src/domain/events/event.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import type { UpdateInput } from '../../src/domain/events/update.ts';
import { countStatements, describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, refusalOf } from '../support/gateway.ts';
import { reach } from './statuses.ts';

const unknownId = '0195f000-0000-7000-8000-000000000000';

/** What may follow, as the product's description has it. */
const allowed: Readonly<Record<EventStatus, readonly EventStatus[]>> = {
  PENDING: ['IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED'],
  IN_PROGRESS: ['PENDING', 'FINISHED', 'FAILED', 'ABORTED'],
  FINISHED: ['RESTARTED'],
  FAILED: ['RESTARTED'],
  ABORTED: ['RESTARTED'],
  RESTARTED: ['PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED'],
};

describeDatabases('A change', (backend) => {
  const gateway = composedOnce(backend);
  const update = (input: UpdateInput) => gateway().operations.updateEvent(gateway().caller, input);
  const remove = (id: string) => gateway().operations.deleteEvent(gateway().caller, id);
  const pending = (input: SendInput = {}) => gateway().send({ finished: false, ...input });
  const historyOf = async (id: string): Promise<readonly StatusChange[]> =>
    (await gateway().operations.historiesOf([id])).get(id) ?? [];
  const logOf = (id: string) => {
    const text = 'SELECT position, kind, status FROM log WHERE event_id = $1 ORDER BY position';
    return gateway().database.query<{ position: bigint; kind: string; status: string }>({
      text,
      values: [id],
    });
  };

  describe('of status', () => {
    const pairs = eventStatuses.flatMap((from) => eventStatuses.map((to) => [from, to] as const));

    test.each(pairs.filter(([from, to]) => allowed[from].includes(to)))(
      'from %s to %s is made and kept',
      async (from, to) => {
        const id = await pending();
        await reach(gateway(), id, from);
        const before = await gateway().read(id);
        const answered = await update({ id, status: to, description: 'because' });
        const after = await gateway().read(id);
        expect(answered).toMatchObject({ id, status: to, position: after.position });
        expect(after).toMatchObject({ status: to, description: 'because' });
        expect(after.position! > before.position!).toBe(true);
        const { at, position } = (await historyOf(id)).at(-1)!;
        expect((await historyOf(id)).at(-1)).toMatchObject({
          from,
          to,
          by: 'tester',
          description: 'because',
          attempt: null,
        });
        expect({ at, position }).toEqual({ at: after.updatedAt, position: after.position });
      },
    );

    test.each(pairs.filter(([from, to]) => from !== to && !allowed[from].includes(to)))(
      'from %s to %s is refused, naming what is allowed, and nothing of it is made',
      async (from, to) => {
        const id = await pending();
        await reach(gateway(), id, from);
        const before = { event: await gateway().read(id), log: await logOf(id) };
        const { code, message, details } = await refusalOf(
          update({ id, status: to, description: 'no', result: 1 }),
        );
        expect(code).toBe('INVALID_TRANSITION');
        expect(details).toEqual({ eventId: id, from, to, allowed: allowed[from] });
        for (const status of allowed[from]) expect(message).toContain(status);
        expect({ event: await gateway().read(id), log: await logOf(id) }).toEqual(before);
      },
    );

    test.each(eventStatuses)(
      'from %s to the same changes nothing: no position, no history, no time',
      async (status) => {
        const id = await pending();
        await reach(gateway(), id, status);
        const before = { event: await gateway().read(id), log: await logOf(id) };
        expect(await update({ id, status })).toMatchObject({ id, status, position: before.event.position });
        expect({ event: await gateway().read(id), log: await logOf(id) }).toEqual(before);
      },
    );

    test('to the same, with other content, is a change of that content', async () => {
      const id = await pending();
      await update({ id, status: 'PENDING', description: 'waits' });
      expect((await logOf(id)).map(({ kind }) => kind)).toEqual(['CREATED', 'UPDATED']);
      expect(await historyOf(id)).toHaveLength(1);
    });

    test('sets when it was started and when it ended, and takes that back', async () => {
      const id = await pending();
      const times = async (status: EventStatus) => {
        await update({ id, status });
        const { startedAt, finishedAt, updatedAt } = await gateway().read(id);
        return { startedAt, finishedAt, updatedAt };
      };
      const started = await times('IN_PROGRESS');
      expect(started).toEqual({
        startedAt: started.updatedAt,
        finishedAt: null,
        updatedAt: started.updatedAt,
      });
      const failed = await times('FAILED');
      expect(failed).toEqual({
        startedAt: started.startedAt,
        finishedAt: failed.updatedAt,
        updatedAt: failed.updatedAt,
      });
      const restarted = await times('RESTARTED');
      expect(restarted).toMatchObject({ startedAt: started.startedAt, finishedAt: null });
      const again = await times('IN_PROGRESS');
      expect(again).toMatchObject({ startedAt: again.updatedAt, finishedAt: null });
      expect(await times('ABORTED')).toMatchObject({ startedAt: again.startedAt });
    });

    test('is kept with who made it, when and why, for each of them', async () => {
      const id = await pending({ sender: 'shop' });
      await update({ id, status: 'IN_PROGRESS', sender: 'worker-7', description: 'begun' });
      await update({ id, description: 'no status' });
      await update({ id, status: 'FAILED', description: 'broke', error: { message: 'm' } });
      const history = await historyOf(id);
      expect(history.map(({ from, to, by, description }) => [from, to, by, description])).toEqual([
        [null, 'PENDING', 'tester', null],
        ['PENDING', 'IN_PROGRESS', 'tester', 'begun'],
        ['IN_PROGRESS', 'FAILED', 'tester', 'broke'],
      ]);
      const times = history.map(({ at }) => at.getTime());
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    test('made by many at once from one status is made by one of them, and the others get its present status', async () => {
      const id = await pending();
      const settled = await Promise.allSettled(
        (['FINISHED', 'FAILED', 'ABORTED'] as const).map((status) => update({ id, status })),
      );
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await historyOf(id)).toHaveLength(2);
    });
  });

  describe('of content', () => {
    test('changes what it names and nothing else', async () => {
      const id = await pending({ payload: { a: 1 }, project: 'p' });
      const before = await gateway().read(id);
      const changes = {
        description: 'd',
        summary: { s: 1 },
        payload: { b: [2] },
        retries: 3,
        project: 'q',
        user: 'u',
        sender: 's',
      };
      for (const [field, value] of Object.entries(changes)) {
        await update({ id, [field]: value });
        expect(await gateway().read(id)).toMatchObject({ [field]: value });
      }
      const { position, updatedAt } = await gateway().read(id);
      expect(await gateway().read(id)).toEqual({ ...before, ...changes, position, updatedAt });
      expect((await logOf(id)).map(({ kind }) => kind)).toEqual([
        'CREATED',
        ...Object.keys(changes).map(() => 'UPDATED'),
      ]);
    });

    test('leaves alone what is null or left out; only a result is cleared by null', async () => {
      const id = await pending({ project: 'p', payload: { a: 1 } });
      await update({
        id,
        result: { ok: [1] },
        error: { message: 'm', code: 'C', stack: 's' },
        user: 'u',
        retries: 1,
      });
      const before = await gateway().read(id);
      expect(before).toMatchObject({ result: { ok: [1] }, error: { message: 'm', code: 'C', stack: 's' } });
      await update({
        id,
        status: null,
        description: null,
        summary: null,
        payload: null,
        retries: null,
        project: null,
        user: null,
        sender: null,
        error: null,
      });
      expect(await gateway().read(id)).toEqual(before);
      await update({ id, result: null });
      const { position, updatedAt } = await gateway().read(id);
      expect(await gateway().read(id)).toEqual({ ...before, result: null, position, updatedAt });
    });

    test.each([[0], [false], [''], ['text'], [[1, null]], [{}]])('takes %j for a result', async (result) => {
      const id = await pending();
      await update({ id, result });
      expect((await gateway().read(id)).result).toEqual(result);
    });

    test('of an error replaces it whole', async () => {
      const id = await pending();
      await update({ id, error: { message: 'first', code: 'C', stack: 's' } });
      await update({ id, status: 'FAILED', error: { message: 'second' } });
      expect((await gateway().read(id)).error).toEqual({ message: 'second', code: null, stack: null });
    });

    test('is refused as sending is', async () => {
      const id = await pending();
      const wrong = [
        { payload: [] },
        { sender: '' },
        { retries: -1 },
        { progress: 101 },
        { description: 'a\u0000' },
        { result: '\ud800' },
      ];
      for (const input of wrong)
        expect((await refusalOf(update({ id, ...input }))).code).toBe('BAD_USER_INPUT');
      expect((await refusalOf(update({ id, result: 'x'.repeat(limits.jsonBytes) }))).code).toBe(
        'LIMIT_EXCEEDED',
      );
      expect(await logOf(id)).toHaveLength(1);
    });

    test('of no event is NOT_FOUND', async () => {
      for (const input of [{ status: 'FINISHED' as const }, { result: null }, {}, { progress: 1 }]) {
        expect((await refusalOf(update({ id: unknownId, ...input }))).code).toBe('NOT_FOUND');
      }
      expect((await refusalOf(update({ id: 'none', result: 1 }))).code).toBe('BAD_USER_INPUT');
    });
  });

  test('of progress alone is broadcast, and neither writes nor touches a row', async () => {
    const requestId = fresh('r');
    const id = await pending({ requestId });
    const rowOf = (text: string) => gateway().database.query<object>({ text, values: [id] });
    const row = 'SELECT xmin::text, ctid::text, e.* FROM events e WHERE id = $1';
    const before = { row: await rowOf(row), log: await logOf(id) };
    const counting = countStatements(gateway().database);
    const watched = await operationsOn(counting);
    const query = `subscription ($id: ID!) { eventProgress(ids: [$id]) { eventId requestId topic progress description } }`;
    const progress = await watched.subscribe<{ eventProgress: object }>(query, { id });
    counting.statements.length = 0;
    for (const given of [{ progress: 0 }, { progress: 33.3, description: 'a third' }, { progress: 100 }]) {
      expect(await watched.operations.updateEvent(watched.caller, { id, ...given })).toEqual({ id });
      const { eventProgress } = await progress.next();
      expect(eventProgress).toEqual({ eventId: id, requestId, topic: 'test', description: null, ...given });
    }
    expect(watched.operations.progressOf(id)).toBe(100);
    progress.stop();
    await watched.stop();
    expect({ row: await rowOf(row), log: await logOf(id) }).toEqual(before);
    expect(counting.statements.filter((text) => /INSERT|UPDATE|DELETE/.test(text))).toEqual([]);
    // The event itself was looked up once: what watchers select by does not change.
    expect(counting.statements.filter((text) => /FROM events/.test(text))).toHaveLength(1);
  });

  test('of progress beside others writes the others', async () => {
    const id = await pending();
    await update({ id, progress: 50, status: 'IN_PROGRESS', description: 'half' });
    expect(await gateway().read(id)).toMatchObject({ status: 'IN_PROGRESS', description: 'half' });
    expect(gateway().operations.progressOf(id)).toBe(50);
  });

  describe('in a list', () => {
    const updateAll = (inputs: readonly UpdateInput[]) =>
      gateway().operations.updateEvents(gateway().caller, inputs);

    test('fails by itself, by its index', async () => {
      const [a, b] = [await pending(), await pending()];
      const { events, errors } = await updateAll([
        { id: a, status: 'IN_PROGRESS' },
        { id: unknownId, result: 1 },
        { id: b, status: 'RESTARTED' },
        { id: 'none' },
        { id: b, result: 1 },
      ]);
      expect(events.map((event) => event?.id ?? null)).toEqual([a, null, null, null, b]);
      const expected = [
        [1, 'NOT_FOUND'],
        [2, 'INVALID_TRANSITION'],
        [3, 'BAD_USER_INPUT'],
      ];
      expect(errors.map(({ index, code }) => [index, code])).toEqual(expected);
      expect(await gateway().read(b)).toMatchObject({ status: 'PENDING', result: 1 });
    });

    test('is made in the order of the list where several are of one event', async () => {
      const id = await pending();
      const steps = ['IN_PROGRESS', 'FAILED', 'RESTARTED', 'IN_PROGRESS', 'FINISHED'] as const;
      expect((await updateAll(steps.map((status) => ({ id, status })))).errors).toEqual([]);
      expect((await historyOf(id)).map(({ to }) => to)).toEqual(['PENDING', ...steps]);
    });

    test('of more than 5,000 is refused whole', async () => {
      const id = await pending();
      const inputs = Array.from({ length: limits.batchItems + 1 }, () => ({ id, progress: 1 }));
      expect((await refusalOf(updateAll(inputs))).code).toBe('LIMIT_EXCEEDED');
    });
  });

  describe('that deletes', () => {
    test('leaves of the event what the log keeps', async () => {
      const id = await pending();
      expect(await remove(id.toUpperCase())).toBe(id);
      expect(await gateway().operations.eventsByIds([id], [])).toEqual(new Map());
      expect((await logOf(id)).map(({ kind }) => kind)).toEqual(['CREATED', 'DELETED']);
      expect((await refusalOf(remove(id))).code).toBe('NOT_FOUND');
      expect((await refusalOf(update({ id, result: 1 }))).code).toBe('NOT_FOUND');
    });

    test('is refused while others depend on the event', async () => {
      const parent = await pending();
      const child = await gateway().send({ dependsOn: parent });
      expect(await refusalOf(remove(parent))).toMatchObject({
        code: 'HAS_DEPENDENTS',
        details: { eventId: parent },
      });
      await remove(child);
      expect(await remove(parent)).toBe(parent);
    });

    test('of no event is NOT_FOUND', async () => {
      expect((await refusalOf(remove(unknownId))).code).toBe('NOT_FOUND');
      expect((await refusalOf(remove('none'))).code).toBe('BAD_USER_INPUT');
    });

    test('never leaves a child without its parent, whatever is sent at the same moment', async () => {
      for (let round = 0; round < 10; round++) {
        const parent = await pending();
        const [deleting, sending] = await Promise.allSettled([
          remove(parent),
          gateway().send({ dependsOn: parent }),
        ]);
        expect([deleting.status, sending.status].sort()).toEqual(['fulfilled', 'rejected']);
        const code =
          deleting.status === 'rejected'
            ? deleting.reason.code
            : (sending as PromiseRejectedResult).reason.code;
        expect(code).toBe(deleting.status === 'rejected' ? 'HAS_DEPENDENTS' : 'NOT_FOUND');
      }
    });
  });
});
