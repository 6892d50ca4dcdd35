// Handlers that are enabled: they begin with the first event stored afterwards.
import { afterEach, expect, test, vi } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { type Composed, tester } from '../support/gateway.ts';
import { interrupted, type Interruptions, signal } from '../support/interrupted-database.ts';
import {
  caughtUp,
  finishLater,
  patience,
  runsOf,
  suspendLimitOfIsValid,
  withHandlers,
} from './handler-gateway.ts';

describeDatabases('A handler that is enabled', (backend) => {
  let gateway: Composed | undefined;
  afterEach(async () => {
    vi.restoreAllMocks();
    await gateway?.stop();
    gateway = undefined;
  });

  test('does not run for earlier events if it was declared disabled', async () => {
    const seen: unknown[] = [];
    gateway = await withHandlers(await backend.open(), {
      enabled: false,
      run: ({ payload }) => void seen.push(payload.n),
    });
    await gateway.operations.sendEvent(tester, { topic: 't', payload: { n: 1 } });
    await gateway.operations.setHandlerEnabled('h1', true);
    await finishLater(gateway, { payload: { n: 2 } });
    await vi.waitFor(() => expect(seen).toContain(2), patience);
    expect(await runsOf(gateway, 'h1')).toHaveLength(1);
  });

  test('runs for events stored afterwards, also if their send began before', async () => {
    suspendLimitOfIsValid();
    const [asked, answered] = [signal(), signal()];
    const seen: string[] = [];
    gateway = await withHandlers(
      await backend.open(),
      { async: true, run: ({ id }) => void seen.push(id) },
      {
        async: true,
        isValid: () => (asked.give(), answered.given.then(() => true)),
        run: () => null,
      },
    );
    await gateway.operations.setHandlerEnabled('h1', false);
    const sending = gateway.operations.sendEvent(tester, { topic: 't' });
    await asked.given;
    await gateway.operations.setHandlerEnabled('h1', true);
    await gateway.handlers.dispatched();
    answered.give();
    const { event } = await sending;
    await vi.waitFor(() => expect(seen).toEqual([event.id]), patience);
  });

  test('runs for an event sent concurrently, without another event after it', async () => {
    const interruptions: Interruptions = {};
    const [written, released] = [signal(), signal()];
    const seen: string[] = [];
    gateway = await withHandlers(interrupted(await backend.open(), interruptions), {
      async: true,
      run: ({ id }) => void seen.push(id),
    });
    await gateway.operations.setHandlerEnabled('h1', false);
    interruptions.after = (text) => {
      if (!text.includes('UPDATE handlers SET enabled')) return;
      written.give();
      return released.given;
    };
    const switching = gateway.operations.setHandlerEnabled('h1', true);
    await written.given;
    const { event } = await gateway.operations.sendEvent(tester, { topic: 't' });
    await caughtUp(gateway);
    released.give();
    await switching;
    await vi.waitFor(() => expect(seen).toEqual([event.id]), patience);
  });
});
