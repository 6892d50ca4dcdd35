// Positions of handlers in the log: entries before them are not read again, and no unread entry is skipped.
import { afterEach, expect, test, vi } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { currentRun } from '../../src/handlers/app/module.ts';
import { describeDatabases } from '../support/database.ts';
import { type Composed, tester } from '../support/gateway.ts';
import { signal } from '../support/interrupted-database.ts';
import {
  caughtUp,
  finishLater,
  type Given,
  patience,
  runsOf,
  suspendLimitOfIsValid,
  withHandlers,
} from './handler-gateway.ts';

describeDatabases('A handler’s position in the log', (backend) => {
  let gateway: Composed | undefined;
  const start = async (...given: Given[]) => (gateway = await withHandlers(await backend.open(), ...given));
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    await gateway?.stop();
    gateway = undefined;
  });

  test('is after an event whose send created its runs: a deleted run is not created again', async () => {
    const seen: unknown[] = [];
    const { operations } = await start({ run: ({ payload }) => void seen.push(payload.n) });
    const { executions } = await operations.sendEvent(tester, { topic: 't', payload: { n: 1 } });
    await operations.deleteEvent(tester, executions[0]!.event.id);
    await finishLater(gateway!, { payload: { n: 2 } });
    await vi.waitFor(() => expect(seen).toContain(2), patience);
    expect(await runsOf(gateway!, 'h1')).toHaveLength(1);
  });

  test('is after an event on which its filter failed: the failure is counted once', async () => {
    const { operations } = await start({ where: 'data.total > 3', run: () => null });
    await operations.sendEvent(tester, { topic: 't', payload: {} });
    await finishLater(gateway!, { payload: { total: 5 } });
    await vi.waitFor(async () => expect(await runsOf(gateway!, 'h1')).toHaveLength(1), patience);
    expect(operations.handlers()).toMatchObject([{ filterErrors: 1 }]);
  });

  test('is saved while the gateway runs, after a single event', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { operations, database } = await start({ run: () => null });
    await operations.sendEvent(tester, { topic: 't' });
    await caughtUp(gateway!);
    const text = `SELECT position >= (SELECT max(position) FROM log WHERE topic = 't') AS "isBehind" FROM handlers`;
    await vi.waitFor(async () => {
      vi.advanceTimersByTime(5_000);
      expect(await database.query({ text, values: [] })).toEqual([{ isBehind: true }]);
    }, patience);
  });

  test('advances independently: an isValid that does not return delays no other handler', async () => {
    suspendLimitOfIsValid();
    const [asked, answered, ran] = [signal(), signal(), signal()];
    await start(
      { source: 'a', isValid: () => (asked.give(), answered.given.then(() => false)), run: () => null },
      { source: 'b', run: ran.give },
    );
    await finishLater(gateway!, { topic: 'a' });
    await asked.given;
    await finishLater(gateway!, { topic: 'b' });
    await ran.given;
    answered.give();
  });

  test('does not skip an event sent while the gateway stops: it runs after the next start', async () => {
    suspendLimitOfIsValid();
    const [asked, answered] = [signal(), signal()];
    const seen: unknown[] = [];
    const given: Given = {
      async: true,
      isValid: ({ payload }) => payload.n === 2 || (asked.give(), answered.given.then(() => true)),
      run: ({ payload }) => void seen.push(payload.n),
    };
    const { operations, database, scheduledSender, stop } = await start(given);
    const sendAt = new Date(Date.now() + 3_600_000);
    const { event } = await operations.sendEvent(tester, { topic: 't', sendAt, payload: { n: 2 } });
    await finishLater(gateway!, { payload: { n: 1 } });
    await asked.given;
    const stopping = stop();
    await database.query({ text: 'UPDATE scheduled_events SET send_at = now()', values: [] });
    scheduledSender.wake();
    await vi.waitFor(async () => expect((await gateway!.read(event.id)).status).toBe('FINISHED'), patience);
    await caughtUp(gateway!);
    answered.give();
    await stopping;
    gateway = await withHandlers(database, given);
    await vi.waitFor(() => expect(seen.toSorted()).toEqual([1, 2]), patience);
  });

  test('advances outside of any run, also if a run finished the event', async () => {
    const runs: unknown[] = [];
    const { operations } = await start(
      { run: () => finishLater(gateway!, { topic: 'w' }) },
      {
        source: 'w',
        isValid: () => {
          runs.push(currentRun()?.run.eventId ?? null);
          return false;
        },
        run: () => null,
      },
    );
    await operations.sendEvent(tester, { topic: 't' });
    await vi.waitFor(() => expect(runs).toEqual([null]), patience);
  });

  test('stops at the limit of chains, with one refused run, if a handler handles its own runs', async () => {
    const { operations } = await start({ source: 'h1', async: true, maxRetries: 0, run: () => 1 });
    await operations.sendEvent(tester, { topic: 'h1' });
    const failed = await vi.waitFor(async () => {
      const found = (await runsOf(gateway!, 'h1')).filter(({ status }) => status === 'FAILED');
      expect(found).toMatchObject([{ error: { code: 'LIMIT_EXCEEDED' } }]);
      return found;
    }, patience);
    expect(failed).toHaveLength(1);
    expect((await operations.countEvents(null)).count).toBe(1 + limits.chainDepth + 1);
  });
});
