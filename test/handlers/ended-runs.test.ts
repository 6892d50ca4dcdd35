// Runs of synchronous handlers that another caller ends: before their turn they do not begin, and none is reported as done.
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { refusalOf, tester } from '../support/gateway.ts';
import { signal } from '../support/interrupted-database.ts';
import { runsOf, withHandlers } from './handler-gateway.ts';

describeDatabases('A run that is aborted', (backend) => {
  test('before its turn does not begin, and its send reports that', async () => {
    const [begun, released] = [signal(), signal()];
    let ran = 0;
    const gateway = await withHandlers(
      await backend.open(),
      { order: 1, run: () => (begun.give(), released.given) },
      { order: 2, run: () => (ran += 1) },
    );
    const refused = refusalOf(gateway.operations.sendEvent(tester, { topic: 't' }));
    await begun.given;
    await gateway.operations.abortEvents(tester, { topics: ['h2'] }, false);
    released.give();
    expect(await refused).toMatchObject({
      code: 'HANDLER_FAILED',
      details: { executions: [{ error: null }, { result: null, error: { code: 'LEASE_LOST' } }] },
    });
    expect(await runsOf(gateway, 'h2')).toMatchObject([{ status: 'ABORTED', result: null }]);
    expect(ran).toBe(0);
    await gateway.stop();
  });

  test('while it is in progress is not reported as done, whatever its outcome', async () => {
    const gateway = await withHandlers(await backend.open(), {
      run: async (_event, { eventId }) => {
        await gateway.operations.updateEvent(tester, { id: eventId, status: 'ABORTED' });
        return 1;
      },
    });
    expect(await refusalOf(gateway.operations.sendEvent(tester, { topic: 't' }))).toMatchObject({
      code: 'HANDLER_FAILED',
      details: { executions: [{ result: null, error: { code: 'LEASE_LOST' } }] },
    });
    expect(await runsOf(gateway, 'h1')).toMatchObject([{ status: 'ABORTED', result: null }]);
    await gateway.stop();
  });
});
