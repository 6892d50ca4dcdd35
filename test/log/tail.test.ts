// The log tail: nothing that is written is left lying until something else is written.
import { expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import type { Database, Statement } from '../../src/database/database.ts';
import { LogTail } from '../../src/log/tail.ts';
import { describeDatabases } from '../support/database.ts';
import { forwarding } from '../support/forwarding.ts';
import { operationsOn } from '../support/gateway.ts';

/** Answers the question for the end of the log only after `meanwhile`, with what was so before it. */
function slowToSeek(database: Database, meanwhile: () => Promise<unknown>): Database {
  return forwarding(database, {
    query: async <Row extends object>(statement: Statement) => {
      const rows = await database.query<Row>(statement);
      if (statement.name === 'last-position') await meanwhile();
      return rows;
    },
  });
}

describeDatabases('The log tail', (backend) => {
  test('hands out what was written while it was finding where to begin', async () => {
    const database = await backend.open();
    const gateway = await operationsOn(database);
    let sent = '';
    const slow = slowToSeek(database, async () => {
      sent = await gateway.send();
      tail.wake();
    });
    let arrived: (id: string | undefined) => void = () => {};
    const arrival = new Promise<string | undefined>((resolve) => {
      arrived = resolve;
    });
    const onRow: ConstructorParameters<typeof LogTail>[1]['onRow'] = ({ entry }) => arrived(entry.eventId);
    const tail = new LogTail(slow, { ownHint: '', logger: createLogger('silent'), pollMs: 0, onRow });
    const release = await tail.hold();
    expect(await arrival).toBe(sent);
    release();
    await tail.stop();
    await gateway.stop();
  });
});
