// Reports of failures whose texts cannot be stored as they are: they are stored all the same.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { defineHandler } from '../../src/handlers/app/define-handler.ts';
import { noHandlers } from '../../src/handlers/handlers.ts';
import { describeDatabases } from '../support/database.ts';
import { composedForEach, operationsOn, tester } from '../support/gateway.ts';

const text = 'no \0 luck \ud83d today';
const stored = 'no \ufffd luck \ufffd today';
const long = '\u{1F600}'.repeat(limits.stackLength);

describeDatabases('a failure', (backend) => {
  const gateway = composedForEach(backend);

  test('is reported by updateEvent, with the texts and in the history', async () => {
    const id = await gateway().send({ finished: false });
    const error = { message: text, code: text, stack: text };
    await gateway().operations.updateEvent(tester, { id, status: 'FAILED', description: text, error });
    expect(await gateway().read(id)).toMatchObject({
      status: 'FAILED',
      description: stored,
      error: { message: stored, code: stored, stack: stored },
    });
    const history = (await gateway().operations.historiesOf([id])).get(id);
    expect(history?.at(-1)).toMatchObject({ to: 'FAILED', description: stored });
  });

  test('is reported by updateEvents, however long its texts are', async () => {
    const ids = await Promise.all([1, 2].map(() => gateway().send({ finished: false })));
    const error = { message: long, code: long, stack: long };
    const inputs = ids.map((id) => ({ id, status: 'FAILED', description: long, error }) as const);
    expect((await gateway().operations.updateEvents(tester, inputs)).errors).toEqual([]);
    for (const id of ids) {
      const event = await gateway().read(id);
      expect(event.error?.message).toMatch(/cut: it had 100000 characters\]$/);
      expect([...(event.error?.stack ?? '')].length).toBeLessThanOrEqual(limits.stackLength);
    }
  });
});

describeDatabases('a handler that fails', (backend) => {
  test('has what it threw in its run, whatever the texts hold', async () => {
    const run = (): never => {
      throw Object.assign(new Error(text), { code: text });
    };
    const handler = defineHandler({ fullName: 'fails', source: 'test', failSender: false, run });
    const gateway = await operationsOn(await backend.open(), {
      handling: { ...noHandlers, handlers: [handler] },
    });
    const { executions } = await gateway.operations.sendEvent(tester, { topic: 'test' });
    expect(executions[0]?.error).toMatchObject({ message: stored, code: stored });
    const { error } = await gateway.read(executions[0]!.event.id);
    expect(error).toMatchObject({ message: stored, code: stored });
    await gateway.stop();
  });
});
