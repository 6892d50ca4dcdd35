// Statements of handlers: as few for many concurrent events as for one.
import { expect, test, vi } from 'vitest';
import { countStatements, describeDatabases } from '../support/database.ts';
import { tester } from '../support/gateway.ts';
import { patience, runsOf, withHandlers } from './handler-gateway.ts';

describeDatabases('The length of chains, and the requests of parents', (backend) => {
  test('are read in a few statements for many events, sent or finished together', async () => {
    const database = countStatements(await backend.open());
    const gateway = await withHandlers(database, { async: true, run: () => null });
    const { operations } = gateway;
    const asked = () =>
      database.statements.filter((text) =>
        /^\s*WITH RECURSIVE above|^\s*SELECT e\.request_id AS "requestId"/.test(text),
      );
    const parents = await Promise.all(Array.from({ length: 10 }, () => gateway.send()));
    const inputs = (more: object) =>
      Array.from({ length: 50 }, (_, n) => ({ topic: 't', dependsOn: parents[n % 10]!, ...more }));
    const { events } = await operations.sendEvents(tester, inputs({ finished: false }));
    database.statements.length = 0;
    await operations.sendEvents(tester, inputs({}));
    expect(asked().length).toBeGreaterThan(0);
    expect(asked().length).toBeLessThanOrEqual(5);
    database.statements.length = 0;
    const changes = events.map((event) => ({ id: event!.id!, status: 'FINISHED' as const }));
    await operations.updateEvents(tester, changes);
    await vi.waitFor(async () => expect(await runsOf(gateway, 'h1')).toHaveLength(100), patience);
    expect(asked().length).toBeGreaterThan(0);
    expect(asked().length).toBeLessThanOrEqual(5);
    await gateway.stop();
  });
});
