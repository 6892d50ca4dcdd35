// Reads of events by their ids, gathered over callers.
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { EventField } from '../../src/domain/events/event.ts';
import { gatherReads } from '../../src/operations/events/batched-reads.ts';
import { countStatements, describeDatabases } from '../support/database.ts';
import { composedOnce, fresh } from '../support/gateway.ts';

/** For who may read all. */
function reading(database: Database) {
  const read = gatherReads(database);
  return (ids: readonly string[], fields: readonly EventField[]) => read(ids, fields, null);
}

describeDatabases('what many ask for by ids', (backend) => {
  const gateway = composedOnce(backend);
  const send = () => gateway().send({ topic: fresh('read') });

  test('in one turn is read by one statement for each set of fields, and each gets its own', async () => {
    const ids = [await send(), await send(), await send()] as const;
    const database = countStatements(gateway().database);
    const read = reading(database);
    const answers = await Promise.all([
      read([ids[0], ids[1]], ['topic']),
      read([ids[1]], ['topic']),
      read([ids[2], '00000000-0000-4000-8000-000000000000'], ['topic']),
      read([ids[2]], ['status']),
    ]);
    expect(database.statements).toHaveLength(2);
    expect(answers.map((events) => [...events.keys()])).toEqual([
      [ids[0], ids[1]],
      [ids[1]],
      [ids[2]],
      [ids[2]],
    ]);
    expect(answers[3]!.get(ids[2])).toEqual({ id: ids[2], status: 'FINISHED' });
  });

  test('is read anew each time', async () => {
    const id = await send();
    const read = reading(gateway().database);
    expect((await read([id], ['description'])).get(id)).toMatchObject({ description: '' });
    await gateway().operations.updateEvent(gateway().caller, { id, description: 'other' });
    expect((await read([id], ['description'])).get(id)).toMatchObject({ description: 'other' });
  });

  test('is not gathered without end, but nobody’s own ids are parted', async () => {
    const database = countStatements(gateway().database);
    const read = reading(database);
    const ids = (count: number) => Array.from({ length: count }, () => crypto.randomUUID());
    await Promise.all([read(ids(150), ['topic']), read(ids(100), ['topic']), read(ids(1_000), ['topic'])]);
    expect(database.statements).toHaveLength(3);
  });

  test('fails for those who asked for it where the database refuses it', async () => {
    const id = await send();
    const read = reading(gateway().database);
    const outcomes = await Promise.allSettled([read([id], ['topic']), read(['no id'], ['topic'])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await read([id], ['topic'])).size).toBe(1);
  });
});
