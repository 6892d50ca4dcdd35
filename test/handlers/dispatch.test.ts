// Handlers and sends: which handlers run, before or after the answer, their records, and the effects of failures.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { JsonDocument } from '../../src/domain/values/json.ts';
import { limits } from '../../src/base/limits.ts';
import type { EventRecord, PartialEvent } from '../../src/domain/events/event.ts';
import type { Execution } from '../../src/domain/handlers/handler.ts';
import { app, currentRun } from '../../src/handlers/app/module.ts';
import { Webhooks } from '../../src/triggers/webhooks.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { type Given, handlingOf, patience, runsOf, withHandlers } from './handler-gateway.ts';

/** Waits until so many runs of the handler have ended. */
async function ended(gateway: Composed, fullName: string, count: number): Promise<readonly PartialEvent[]> {
  return vi.waitFor(async () => {
    const runs = await runsOf(gateway, fullName, limits.pageSize);
    const over = runs.filter(({ status }) => status === 'FINISHED' || status === 'FAILED');
    expect(over).toHaveLength(count);
    return over;
  }, patience);
}

const executionsOf = (executions: readonly Execution[]) =>
  executions.map(({ handler, result, error }) => [handler, error?.message ?? result]);

describeDatabases('handlers', (backend) => {
  let gateway: Composed | undefined;
  const start = async (...given: Given[]) => (gateway = await withHandlers(await backend.open(), ...given));
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
  });
  const send = (input: object = {}) => gateway!.operations.sendEvent(tester, { topic: 't', ...input });

  describe('that are synchronous', () => {
    test('have run when sendEvent returns, in order, each run a child of the sent event', async () => {
      const seen: string[] = [];
      await start(
        { order: 2, run: ({ payload }) => (seen.push('second'), { got: payload }) },
        { order: 1, run: async ({ id }) => (await null, seen.push('first'), id) },
        { source: 'other', run: () => seen.push('never') },
      );
      const { event, executions } = await send({ payload: { n: 1 }, requestId: 'r' });
      expect(seen).toEqual(['first', 'second']);
      expect(executionsOf(executions)).toEqual([
        ['h2', event.id],
        ['h1', { got: { n: 1 } }],
      ]);
      const [run] = await runsOf(gateway!, 'h1');
      expect(run).toMatchObject({
        id: executions[1]!.event.id,
        status: 'FINISHED',
        result: { got: { n: 1 } },
        dependsOnId: event.id,
        requestId: 'r',
      });
      const chain = await gateway!.operations.eventChain('r', ['topic']);
      expect(chain?.events.map(({ topic }) => topic)).toEqual(['t', 'h2', 'h1']);
      expect(chain?.finishedAt).not.toBeNull();
      const histories = await gateway!.operations.historiesOf([run!.id]);
      expect(histories.get(run!.id)!.map(({ to }) => to)).toEqual(['IN_PROGRESS', 'FINISHED']);
    });

    test('fail the send after the event is stored and all have run', async () => {
      await start(
        { run: () => 'fine' },
        {
          run: () => {
            throw Object.assign(new Error('no stock'), { code: 'NO_STOCK' });
          },
        },
        { run: async () => 'fine too' },
      );
      const refusal = await refusalOf(send({ hash: 'h' }));
      expect(refusal).toMatchObject({ code: 'HANDLER_FAILED', message: expect.stringContaining('no stock') });
      const { eventId, executions } = (refusal as unknown as { details: any }).details;
      expect(executions).toMatchObject([
        { handler: 'h1', result: 'fine', error: null },
        { handler: 'h2', result: null, error: { message: 'no stock', code: 'NO_STOCK' } },
        { handler: 'h3', result: 'fine too', error: null },
      ]);
      expect(await gateway!.read(eventId)).toMatchObject({ status: 'FINISHED', hash: 'h' });
      const [run] = await runsOf(gateway!, 'h2');
      expect(run).toMatchObject({ status: 'FAILED', error: { message: 'no stock', code: 'NO_STOCK' } });
      expect((run!.error as EventRecord['error'])!.stack).toContain('dispatch.test');
      const again = await send({ hash: 'h' });
      expect(again).toMatchObject({ duplicate: true, event: { id: eventId } });
      expect(executionsOf(again.executions)).toEqual([
        ['h1', 'fine'],
        ['h2', 'no stock'],
        ['h3', 'fine too'],
      ]);
    });

    test('do not fail the send with failSender: false', async () => {
      await start({ failSender: false, run: () => Promise.reject(new Error('never mind')) });
      expect(executionsOf((await send()).executions)).toEqual([['h1', 'never mind']]);
    });

    test('are reported over GraphQL, in the payload and in the error', async () => {
      await start({ run: ({ payload }) => (payload.ok ? 1 : Promise.reject(new Error('not ok'))) });
      const mutation = `mutation ($payload: JSON) { sendEvent(input: { topic: "t", payload: $payload }) {
        matched event { id } executions { handler result error { message } event { topic logStatus dependsOn { topic } } } } }`;
      await gateway!.operations.subscribe(tester, { topics: ['t*'], where: 'data.ok == true' });
      const { data } = await gateway!.ask<any>(mutation, { payload: { ok: true } });
      expect(data.sendEvent).toMatchObject({
        matched: 2,
        executions: [
          {
            handler: 'h1',
            result: 1,
            error: null,
            event: { topic: 'h1', logStatus: 'SUCCESS', dependsOn: { topic: 't' } },
          },
        ],
      });
      const { errors } = await gateway!.ask<any>(mutation, { payload: { ok: false } });
      expect(errors[0]).toMatchObject({ message: expect.stringContaining('not ok') });
    });

    test('do not run for fire-and-forget events, or for duplicates', async () => {
      const ran: string[] = [];
      await start({ run: ({ id }) => void ran.push(id) });
      expect((await send({ store: false })).executions).toEqual([]);
      await refusalOf(send({ dependsOn: '0195f000-0000-7000-8000-000000000000' }));
      expect(ran).toEqual([]);
      expect(await runsOf(gateway!, 'h1')).toEqual([]);
    });

    test('run for each event of a list, and fail only their own', async () => {
      await start({ run: ({ payload }) => (payload.n === 2 ? Promise.reject(new Error('two')) : payload.n) });
      const inputs = [1, 2, 3].map((n) => ({ topic: 't', payload: { n } }));
      const { events, errors } = await gateway!.operations.sendEvents(tester, inputs);
      expect(events.map((event) => event !== null)).toEqual([true, false, true]);
      expect(errors).toMatchObject([
        { index: 1, code: 'HANDLER_FAILED', details: { eventId: expect.any(String) } },
      ]);
    });
  });

  describe('that are asynchronous', () => {
    test('are waiting when sendEvent returns, and run afterwards', async () => {
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      await start({ async: true, run: async ({ payload }) => (await held, { n: payload.n }) });
      const { event, executions } = await send({ payload: { n: 1 } });
      expect(executionsOf(executions)).toEqual([['h1', null]]);
      const waiting = await gateway!.read(executions[0]!.event.id);
      expect(['PENDING', 'IN_PROGRESS']).toContain(waiting.status);
      release();
      const [run] = await ended(gateway!, 'h1', 1);
      expect(run).toMatchObject({ status: 'FINISHED', result: { n: 1 }, dependsOnId: event.id });
      const history = (await gateway!.operations.historiesOf([run!.id])).get(run!.id)!;
      expect(history[0]).toMatchObject({ from: null, to: 'PENDING' });
      expect(history.map(({ to }) => to)).toEqual(['PENDING', 'PENDING', 'IN_PROGRESS', 'FINISHED']);
    });

    test('are retried on failure, with their attempts counted', async () => {
      let calls = 0;
      await start({
        async: true,
        maxRetries: 2,
        retryDelayMs: 1,
        run: (_event, { attempt }) => ((calls += 1) < 3 ? Promise.reject(new Error('again')) : attempt),
      });
      await send();
      const [run] = await vi.waitFor(
        async () => {
          const runs = await runsOf(gateway!, 'h1');
          expect(runs[0]?.status).toBe('FINISHED');
          return runs;
        },
        { timeout: 40_000 },
      );
      expect(run).toMatchObject({ result: 3, retries: 2, error: null });
    });

    test('stay failed once exhausted, and do not block the next', async () => {
      await start({
        async: true,
        maxRetries: 0,
        run: ({ payload }) => (payload.bad ? Promise.reject(new Error('bad')) : 'good'),
      });
      await send({ payload: { bad: true } });
      await send();
      const runs = await ended(gateway!, 'h1', 2);
      expect(runs.map(({ status }) => status).toSorted()).toEqual(['FAILED', 'FINISHED']);
    });

    test('run concurrently, each once', async () => {
      const ran = new Map<string, number>();
      await start({ async: true, run: ({ id }) => void ran.set(id, (ran.get(id) ?? 0) + 1) });
      const inputs = Array.from({ length: 300 }, () => ({ topic: 't' }));
      const { events } = await gateway!.operations.sendEvents(tester, inputs);
      await ended(gateway!, 'h1', 300);
      expect([...ran.keys()].toSorted()).toEqual(events.map((event) => event!.id).toSorted());
      expect(new Set(ran.values())).toEqual(new Set([1]));
    });
  });

  test('run in the background for work that is finished later, and for scheduled events', async () => {
    await start({ run: ({ payload }) => payload.n }, { async: true, run: ({ payload }) => payload.n });
    const later = await send({ finished: false, payload: { n: 1 } });
    const held = await send({ sendAt: new Date(Date.now() + 3_600_000), payload: { n: 2 } });
    expect([...later.executions, ...held.executions]).toEqual([]);
    await gateway!.operations.updateEvent(tester, { id: later.event.id, status: 'FINISHED' });
    await gateway!.database.query({ text: 'UPDATE scheduled_events SET send_at = now()', values: [] });
    gateway!.scheduledSender.wake();
    for (const name of ['h1', 'h2']) {
      const runs = await ended(gateway!, name, 2);
      expect(runs.map(({ result }) => result).toSorted()).toEqual([1, 2]);
    }
  });

  test('run for the runs of others, which are events as well', async () => {
    await start(
      { fullName: 'events.first', run: () => ({ made: 1 }) },
      { fullName: 'events.second', source: 'events.first', run: (event) => event.topic },
    );
    await send({ requestId: 'r' });
    expect(await ended(gateway!, 'events.second', 1)).toMatchObject([
      { result: 'events.first', requestId: 'r' },
    ]);
  });

  describe('are chosen', () => {
    test('by their filter, with a count of the events on which it fails', async () => {
      await start({ where: 'data.n > 1', run: ({ payload }) => payload.n });
      expect((await send({ payload: { n: 1 } })).executions).toEqual([]);
      expect(executionsOf((await send({ payload: { n: 2 } })).executions)).toEqual([['h1', 2]]);
      expect((await send({ payload: { n: 'x' } })).executions).toEqual([]);
      const [handler] = gateway!.operations.handlers();
      expect(handler).toMatchObject({ filterErrors: 1, lastFilterError: expect.stringMatching(/./) });
    });

    test('by isValid, which may be slow, or fail', async () => {
      await start({
        isValid: async ({ payload }) => {
          await null;
          if (payload.odd) throw new Error('odd');
          return payload.yes === true;
        },
        run: () => 'ran',
      });
      expect((await send({ payload: { yes: true } })).executions).toHaveLength(1);
      expect((await send({ payload: { yes: 'true' } })).executions).toEqual([]);
      expect((await send({ payload: { odd: true } })).executions).toEqual([]);
      expect(gateway!.operations.handlers()[0]).toMatchObject({ filterErrors: 1 });
    });

    test('by their event type', async () => {
      await start(
        { run: () => 'normal' },
        { eventType: 'events.WorkflowType', run: () => 'workflow' },
        { eventType: 'events.ModelType', run: () => 'model' },
      );
      const types = [{}, { eventType: 'anything' }];
      for (const type of types)
        expect(executionsOf((await send(type)).executions)).toEqual([['h1', 'normal']]);
      const row = { model: 't', operate: 'Process', row: {}, status: 'In' };
      const workflow = { sender: 't', eventType: 'events.WorkflowType', payload: row };
      expect(executionsOf((await send(workflow)).executions)).toEqual([['h2', 'workflow']]);
      const model = { eventType: 'events.ModelType', payload: { postData: {} } };
      expect(executionsOf((await send(model)).executions)).toEqual([['h3', 'model']]);
    });
  });

  test('a workflow event with an invalid payload is refused, and not stored', async () => {
    await start();
    const bad = {
      sender: 'models.M',
      topic: null,
      eventType: 'events.WorkflowType',
      payload: { model: 'models.M' },
    };
    expect(await refusalOf(send(bad))).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('payload.operate'),
    });
    expect((await gateway!.operations.countEvents(null)).count).toBe(0);
  });

  describe('are bounded', () => {
    test('in time: one that does not return fails, with its signal aborted, and the others run', async () => {
      let aborted: unknown = null;
      await start(
        {
          timeoutMs: 50,
          run: (_event, { signal }) =>
            new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
        },
        { run: () => 'fine' },
      );
      const refusal = await refusalOf(send());
      expect(refusal).toMatchObject({
        code: 'HANDLER_FAILED',
        message: expect.stringContaining('within 50 ms'),
      });
      expect(aborted).toMatchObject({ code: 'HANDLER_TIMEOUT' });
      expect(await runsOf(gateway!, 'h1')).toMatchObject([
        { status: 'FAILED', error: { code: 'HANDLER_TIMEOUT' } },
      ]);
      expect(await runsOf(gateway!, 'h2')).toMatchObject([{ status: 'FINISHED' }]);
    });

    test('in time by the gateway’s setting, unless they have a timeout of their own', async () => {
      const given: Given[] = [{ run: () => new Promise(() => {}) }, { timeoutMs: 60_000, run: () => 'fine' }];
      const handling = { ...handlingOf(given), handlerTimeoutMs: 40 };
      gateway = await operationsOn(await backend.open(), { handling });
      expect(await refusalOf(send())).toMatchObject({ message: expect.stringContaining('within 40 ms') });
      expect(await runsOf(gateway, 'h2')).toMatchObject([{ result: 'fine' }]);
    });

    test('in depth: handlers that trigger one another stop at 32 levels, with an error in the log', async () => {
      await start({
        failSender: false,
        run: ({ payload }) =>
          app.event.publish({ sender: 't', args: [{ n: Number(payload.n) + 1 }] }).then(() => payload.n),
      });
      await send({ payload: { n: 1 }, requestId: 'loop' });
      const runs = await runsOf(gateway!, 'h1', 100);
      const failed = runs.filter(({ status }) => status === 'FAILED');
      expect(runs).toHaveLength(limits.chainDepth + 1);
      expect(failed).toMatchObject([
        { error: { code: 'LIMIT_EXCEEDED', message: expect.stringContaining('32 levels') } },
      ]);
    });

    test('in number: a request has a thousand runs at most', async () => {
      let ran = 0;
      await start({ failSender: false, run: () => void (ran += 1) });
      const inputs = Array.from({ length: limits.requestRuns + 20 }, () => ({
        topic: 't',
        requestId: 'many',
      }));
      await gateway!.operations.sendEvents(tester, inputs);
      expect(ran).toBe(limits.requestRuns);
      await send({ requestId: 'many' });
      await send({ requestId: 'other' });
      expect(ran).toBe(limits.requestRuns + 1);
      const runs = await runsOf(gateway!, 'h1', 1_000);
      const failed = runs.filter(({ status }) => status === 'FAILED');
      expect(failed[0]).toMatchObject({
        error: { code: 'LIMIT_EXCEEDED', message: expect.stringContaining('1000 runs') },
      });
    });
  });

  test.each([
    ['a function', () => () => 1, 'cannot be stored as its result'],
    ['a BigInt', () => 1n, 'cannot be stored as its result'],
    [
      'something that goes round',
      () => Object.assign([] as unknown[], { 0: undefined }).fill(globalThis),
      'cannot be stored as its result',
    ],
    ['text', () => Promise.reject('just text'), 'just text'],
    ['nothing at all', () => Promise.reject(undefined), 'undefined'],
    [
      'an object without a prototype',
      () => Promise.reject(Object.create(null)),
      'a value that cannot be shown',
    ],
    ['NUL in its message', () => Promise.reject(new Error('a\0b')), 'a\ufffdb'],
  ])('that come to %s fail in so many words', async (_what, run, message) => {
    await start({ failSender: false, run });
    const { executions } = await send();
    expect(executions[0]!.error?.message).toContain(message);
    expect((await runsOf(gateway!, 'h1'))[0]).toMatchObject({ status: 'FAILED' });
  });

  test('send children of their run, through awaits and timers, and find their run', async () => {
    await start(
      {
        run: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          const [one] = await Promise.all([
            app.event.publish({ sender: 'below', args: [{ n: 1 }] }),
            app.event.publish({ sender: 'below', args: [{ n: 2 }] }),
          ]);
          return { own: currentRun()?.run.eventId, one };
        },
      },
      { fullName: 'h.below', source: 'below', run: ({ payload }) => payload.n },
    );
    const { executions } = await send({ requestId: 'r' });
    const run = executions[0]!.event.id;
    expect(executions[0]!.result).toMatchObject({ own: run });
    const chain = await gateway!.operations.eventsBelowNode('r', run, ['topic', 'dependsOnId']);
    expect(chain.map(({ topic }) => topic).toSorted()).toEqual([
      'below',
      'below',
      'h.below',
      'h.below',
      'h1',
    ]);
    expect(
      chain.filter(({ topic }) => topic === 'below').every(({ dependsOnId }) => dependsOnId === run),
    ).toBe(true);
  });

  describe('can be disabled', () => {
    test('and enabled, across restarts; they do not run for events sent meanwhile', async () => {
      const ran: unknown[] = [];
      const given: Given[] = [
        { run: ({ payload }) => void ran.push(payload.n) },
        { async: true, run: ({ payload }) => void ran.push(payload.n) },
      ];
      await start(...given);
      for (const name of ['h1', 'h2']) {
        const off = await gateway!.operations.setHandlerEnabled(name, false);
        expect(off).toMatchObject({ fullName: name, enabled: false });
      }
      expect((await send({ payload: { n: 1 } })).executions).toEqual([]);
      const { database } = gateway!;
      await gateway!.stop();
      gateway = await operationsOn(database, { handling: handlingOf(given) });
      expect(gateway.operations.handlers().map((handler) => handler.works && handler.enabled)).toEqual([
        false,
        false,
      ]);
      await send({ payload: { n: 2 } });
      for (const name of ['h1', 'h2']) await gateway.operations.setHandlerEnabled(name, true);
      await gateway.handlers.dispatched();
      expect((await send({ payload: { n: 3 } })).executions).toHaveLength(2);
      await ended(gateway, 'h2', 1);
      expect(ran).toEqual([3, 3]);
    });

    test('only if there is one of that name', async () => {
      await start({ run: () => {} });
      expect(await refusalOf(gateway!.operations.setHandlerEnabled('h2', true))).toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('"h1"'),
      });
    });
  });

  test('begin with events sent after their first start, and continue from there after a restart', async () => {
    const database = await backend.open();
    const bare = await operationsOn(database);
    await bare.operations.sendEvent(tester, { topic: 't', payload: { n: 'before' } });
    await bare.stop();
    const ran: unknown[] = [];
    const given: Given[] = [{ async: true, run: ({ payload }) => void ran.push(payload.n) }];
    await start(...given);
    await gateway!.handlers.dispatched();
    await gateway!.stop();
    const between = await operationsOn(database);
    await between.operations.sendEvent(tester, { topic: 't', payload: { n: 'between' } });
    await between.stop();
    gateway = await operationsOn(database, { handling: handlingOf(given) });
    await ended(gateway, 'h1', 1);
    expect(ran).toEqual(['between']);
  });

  test('are listed with all their fields', async () => {
    await start(
      { title: 'First', where: 'data.n == 1', run: () => {} },
      { async: true, enabled: false, run: () => {} },
    );
    await send({ payload: { n: 1 } });
    const query =
      '{ handlers { fullName title eventType source where async enabled lastRunAt problem filterErrors } }';
    const { data } = await gateway!.ask<any>(query);
    const common = { eventType: 'events.NormalType', source: 't', problem: null, filterErrors: 0 };
    expect(data.handlers).toEqual([
      {
        ...common,
        fullName: 'h1',
        title: 'First',
        where: 'data.n == 1',
        async: false,
        enabled: true,
        lastRunAt: expect.any(String),
      },
      { ...common, fullName: 'h2', title: null, where: null, async: true, enabled: false, lastRunAt: null },
    ]);
  });

  test('may be called by a trigger, whatever its topic, and are sources of subscriptions', async () => {
    await start({ fullName: 'events.Called', source: 'elsewhere', run: ({ eventType }) => eventType });
    const unknown = gateway!.operations.createTrigger({ name: 'x', webhook: {}, call: 'events.Caled' });
    expect(await refusalOf(unknown)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('"events.Called"'),
    });
    await gateway!.operations.createTrigger({
      name: 'nightly',
      schedule: { cron: '* * * * * *' },
      call: 'events.Called',
    });
    expect((await ended(gateway!, 'events.Called', 1))[0]).toMatchObject({
      result: 'tick',
      status: 'FINISHED',
    });
    const { slug } = await gateway!.operations.createTrigger({
      name: 'hook',
      webhook: {},
      call: 'events.Called',
    });
    const webhooks = new Webhooks(gateway!.database, gateway!.operations.sendEvent);
    const webhook = await webhooks.find(slug!);
    const payload = async () => ({ whole: {}, stored: new JsonDocument({}, '{}') });
    const delivery = { method: 'PUT', headers: new Map(), body: Buffer.alloc(0), payload };
    const { eventId: id } = await webhooks.accept(webhook!, delivery);
    await vi.waitFor(async () => {
      const run = (await runsOf(gateway!, 'events.Called')).find(({ dependsOnId }) => dependsOnId === id);
      expect(run).toMatchObject({ result: 'put', status: 'FINISHED' });
    });
    await gateway!.operations.subscribe(tester, { source: 'events.Called' });
  });
});

describePostgres('the runs of two gateways', (backend) => {
  test('are each executed once, at either gateway; sends at a gateway without handlers run them at the other', async () => {
    const first = await backend.open();
    const ran = new Map<string, number>();
    const given: Given[] = [{ async: true, run: ({ id }) => void ran.set(id, (ran.get(id) ?? 0) + 1) }];
    const handling = handlingOf(given);
    const databases = [first, await backend.openAnother(), await backend.openAnother()];
    const gateways = [
      await operationsOn(databases[0]!, { handling }),
      await operationsOn(databases[1]!, { handling }),
      await operationsOn(databases[2]!),
    ];
    const sent = await Promise.all(
      gateways.map(({ operations }) =>
        operations.sendEvents(
          tester,
          Array.from({ length: 50 }, () => ({ topic: 't' })),
        ),
      ),
    );
    await ended(gateways[0]!, 'h1', 150);
    expect(ran.size).toBe(150);
    expect(new Set(ran.values())).toEqual(new Set([1]));
    expect(sent.flatMap(({ events }) => events.map((event) => event!.id)).toSorted()).toEqual(
      [...ran.keys()].toSorted(),
    );
    await gateways[0]!.operations.setHandlerEnabled('h1', false);
    await vi.waitFor(() =>
      expect(gateways[1]!.operations.handlers()).toMatchObject([{ fullName: 'h1', enabled: false }]),
    );
    for (const gateway of gateways) await gateway.stop();
  });
});
