// The example of approvals as its users run it: the program and what it prints, and its app folder behind a gateway of their own.
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { appFolder } from '../handlers/app-fixture.ts';
import { describeEmbedded } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { ask, type Exit, type GatewayProcess, settingsFor, startGateway } from '../support/process.ts';
import { WorkerProcess } from '../support/worker.ts';

describe('npm run approvals', () => {
  let temporary: string;
  let program: WorkerProcess;
  let exit: Exit;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'throughline-approvals-test-'));
    program = new WorkerProcess('examples/approvals.ts', { TMPDIR: temporary });
    exit = await program.exit;
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  /** The lines under each heading of that name, with single spaces between words; indentation stays. */
  function sections(heading: string): string[][] {
    const all = program.stdout.split('\n\n').map((section) => section.split('\n'));
    const named = all.filter(([first]) => first?.startsWith(heading)).map(([, ...lines]) => lines);
    expect(named, `no line begins with "${heading}" in\n${program.stdout}`).not.toEqual([]);
    return named.map((lines) => lines.map((line) => line.replace(/(?<=\S) +/g, ' ')));
  }
  const live = (heading: string) => sections(heading)[0]!;
  const tree = (heading: string) => sections(heading)[1]!;

  it('ends well and leaves nothing behind', () => {
    expect({ ...exit, errors: program.stderr }).toEqual({ code: 0, signal: null, errors: '' });
    // tsx keeps its cache of translated files there.
    expect(readdirSync(temporary).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
  });

  it('shows live how a run begins and ends, in the background as well', () => {
    const lines = live('An order is approved');
    expect(lines.filter((line) => line.includes('events.OrderApproval'))).toEqual([
      '  IN_PROGRESS events.OrderApproval',
      '  FINISHED events.OrderApproval',
    ]);
    expect(lines.filter((line) => line.includes('events.OrderAudit'))).toEqual([
      '  PENDING events.OrderAudit',
      '  IN_PROGRESS events.OrderAudit',
      '  FINISHED events.OrderAudit',
    ]);
  });

  it('prints the chain of an order as a tree, from the workflow down to the audit', () => {
    expect(tree('An order is approved')).toEqual([
      '  workflow.begun FINISHED',
      '    models.OrderModel FINISHED approved',
      '      events.OrderApproval FINISHED {"status":"processing","orderNo":"A-1041"}',
      '        models.OrderModel_UpdateAfter FINISHED',
      '          events.OrderAudit FINISHED {"to":"processing","from":null,"orderNo":"A-1041"}',
    ]);
    expect(tree('The same order is rejected').at(-1)).toBe(
      '          events.OrderAudit FINISHED {"to":"cancelled","from":"processing","orderNo":"A-1041"}',
    );
  });

  it('shows why an order could not be saved, to who sent it and in the chain', () => {
    expect(live('An order without a number')).toContain('  the workflow engine gets: HANDLER_FAILED');
    expect(tree('An order without a number').at(-1)).toBe(
      '      events.OrderApproval FAILED An order has to have a number: orderNo is missing.',
    );
  });

  it('tells each who decides on a leave request, before and after, and personnel handles it three times', () => {
    const lines = tree('A leave request');
    const told = lines.filter((line) => line.includes('events.LeaveAtNode FINISHED'));
    const deciders = told.map((line) => /"told":"(.+?)"/.exec(line)?.[1]);
    expect(deciders).toEqual(
      ['the head of the department', 'the manager', 'the director'].flatMap((decider) => [decider, decider]),
    );
    const handled = lines.filter((line) => line.includes('events.LeaveHandled FINISHED'));
    expect(handled.map((line) => /"handleType":"(.+?)"/.exec(line)?.[1])).toEqual([
      'reject',
      'transfer',
      'agree',
    ]);
    // What is done at another node than personnel's is for no element.
    expect(lines.join('\n')).toMatch(/agree at deptApproval\n {4}models/);
  });

  it('notifies of an invoice through a function of a service', () => {
    expect(tree('An invoice').slice(2)).toEqual([
      '      events.InvoiceNotification FINISHED {"to":"Bob","text":"The approval of invoice I-7 is approved"}',
      '        services.NotificationSvc.notified FINISHED',
    ]);
  });

  it('adds up the figures of the batches', () => {
    expect(tree('Customers')).toEqual([
      '  services.CustomerBatchService.dataProcessed FINISHED',
      '    events.ArchiveStatistics FINISHED {"batches":1,"customers":100}',
    ]);
    expect(tree('And in another').at(-1)).toContain('{"batches":2,"customers":200}');
  });

  it('has saved the rows, and shows the log of an element', () => {
    expect(sections('What is saved')[0]).toEqual([
      '  order A-1041 {"orderNo":"A-1041","status":"cancelled"}',
      '  leave request L-12 {"requestNo":"L-12","employee":"Ada","days":3,"status":"granted"}',
    ]);
    const log = sections('The log of events.OrderApproval: 3 runs')[0]!;
    expect(log.map((line) => line.replace(/^ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \d+ ms /, ''))).toEqual([
      'fail An order has to have a number: orderNo is missing.',
      'success {"status":"cancelled","orderNo":"A-1041"}',
      'success {"status":"processing","orderNo":"A-1041"}',
    ]);
  });
});

const sendWorkflow = `mutation Send($input: SendEventInput!) {
  sendEvent(input: $input) {
    matched
    event { id requestId status }
    executions { handler result error { message } event { id status logStatus } }
  }
}`;

describeEmbedded('The app folder of the approvals', (backend) => {
  let folder: string;
  let gateway: GatewayProcess;
  let url: string;
  beforeAll(async () => {
    // A copy, which tests change, and which nothing of the project is near.
    folder = await mkdtemp(join(tmpdir(), 'throughline-approvals-app-'));
    await cp('examples/approvals', folder, { recursive: true });
    gateway = await startGateway({ ...settingsFor(await backend.target()), THROUGHLINE_APP: folder });
    url = await gateway.url;
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function query(text: string): Promise<any> {
    const { data, errors } = await ask<any>(url, text);
    expect(errors).toEqual([]);
    return data;
  }

  function sendOrder(row: object, more: object = {}) {
    const payload = { model: 'models.OrderModel', operate: 'Process', status: 'approved', row };
    const input = { sender: 'models.OrderModel', eventType: 'events.WorkflowType', payload, ...more };
    return ask<any>(url, sendWorkflow, { variables: { input } });
  }

  /** The handlers of an order's approval, and what they answered. */
  async function executionsFor(orderNo: string): Promise<[handler: string, result: any][]> {
    const { data, errors } = await sendOrder({ orderNo });
    expect(errors).toEqual([]);
    return data.sendEvent.executions.map(({ handler, result }: any) => [handler, result]);
  }

  it('is loaded whole, and nothing of it is broken', async () => {
    const { handlers } = await query('{ handlers { fullName eventType source async enabled problem } }');
    expect(handlers.map(({ fullName, problem }: any) => [fullName, problem])).toEqual([
      ['events.ArchiveStatistics', null],
      ['events.InvoiceNotification', null],
      ['events.LeaveAtNode', null],
      ['events.LeaveHandled', null],
      ['events.OrderApproval', null],
      ['events.OrderAudit', null],
    ]);
    expect(handlers.at(-1)).toMatchObject({
      eventType: 'events.ModelType',
      source: 'models.OrderModel_UpdateAfter',
      async: true,
      enabled: true,
    });
    const { topics } = await query('{ topics(prefix: "services.") { name declared } }');
    expect(topics).toEqual([
      { name: 'services.CustomerBatchService.dataProcessed', declared: true },
      { name: 'services.NotificationSvc.notified', declared: true },
    ]);
  });

  it('runs for what a workflow engine sends, tells it so, and keeps it in the log', async () => {
    const orderNo = fresh('order');
    const { data } = await sendOrder({ orderNo });
    const { matched, event, executions } = data.sendEvent;
    expect(matched).toBe(1);
    expect(executions).toEqual([
      {
        handler: 'events.OrderApproval',
        result: { orderNo, status: 'processing' },
        error: null,
        event: { id: expect.any(String), status: 'FINISHED', logStatus: 'SUCCESS' },
      },
    ]);
    const log = await query(
      `{ eventLog(fullName: "events.OrderApproval") { rowDatas { id requestId dependsOn { id } } } }`,
    );
    expect(log.eventLog.rowDatas[0]).toEqual({
      id: executions[0].event.id,
      requestId: event.requestId,
      dependsOn: { id: event.id },
    });
    await vi.waitFor(
      async () => {
        const { eventChain } = await query(
          `{ eventChain(requestId: "${event.requestId}") { finishedAt events { topic result } } }`,
        );
        expect(eventChain.finishedAt).not.toBeNull();
        expect(eventChain.events.at(-1)).toEqual({
          topic: 'events.OrderAudit',
          result: { orderNo, from: null, to: 'processing' },
        });
      },
      { timeout: 30_000, interval: 50 },
    );
  });

  it('fails the sender of what it cannot handle, once the event is stored', async () => {
    const { data, errors } = await sendOrder({});
    expect(data).toBeNull();
    const [{ message, extensions }] = errors as any;
    expect(message).toMatch(/was stored, but a handler of it failed: events\.OrderApproval: An order has to/);
    expect(extensions).toMatchObject({
      code: 'HANDLER_FAILED',
      eventId: expect.any(String),
      executions: [
        {
          handler: 'events.OrderApproval',
          event: { id: expect.any(String) },
          result: null,
          error: { message: 'An order has to have a number: orderNo is missing.' },
        },
      ],
    });
    const { stored, run } = await query(
      `{ stored: event(id: "${extensions.eventId}") { topic status }
         run: event(id: "${extensions.executions[0].event.id}") { topic status dependsOn { id } error { message stack } } }`,
    );
    expect(stored).toEqual({ topic: 'models.OrderModel', status: 'FINISHED' });
    expect(run).toMatchObject({
      topic: 'events.OrderApproval',
      status: 'FAILED',
      dependsOn: { id: extensions.eventId },
      // The author's own file and line.
      error: { stack: expect.stringMatching(/models\/OrderModel\/model\.ts:\d+/) },
    });
  });

  it('refuses what is no event of a workflow, or does not fit what a service declares', async () => {
    const unknown = await sendOrder(
      {},
      { payload: { model: 'models.OrderModel', operate: 'Proces', row: {} } },
    );
    expect(unknown.errors[0]).toMatchObject({
      message: expect.stringContaining('did you mean Process?'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    const { errors } = await ask(
      url,
      `mutation { sendEvent(input: {
        sender: "services.CustomerBatchService.dataProcessed", kwargs: {processedCount: -1}
      }) { event { id } } }`,
    );
    expect(errors[0]?.extensions.code).toBe('TOPIC_SCHEMA_MISMATCH');
  });

  it('has elements that can be switched off, and on again', async () => {
    const toggle = (enabled: boolean) =>
      query(
        `mutation { setHandlerEnabled(fullName: "events.OrderApproval", enabled: ${enabled}) { fullName enabled } }`,
      );
    expect(await toggle(false)).toEqual({
      setHandlerEnabled: { fullName: 'events.OrderApproval', enabled: false },
    });
    expect(await executionsFor(fresh('order'))).toEqual([]);
    await toggle(true);
    expect(await executionsFor(fresh('order'))).toHaveLength(1);
  });

  it('takes up a changed file without a restart, and says of a broken one what would be right', async () => {
    const file = join(folder, 'events/OrderApproval/inner.ts');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace("approved: 'processing'", "approved: 'packing'"));
    await vi.waitFor(
      async () => expect((await executionsFor(fresh('order')))[0]?.[1]).toMatchObject({ status: 'packing' }),
      { timeout: 30_000, interval: 100 },
    );
    await writeFile(file, text.replace('handleOrderApproval', 'handleOrderAproval'));
    await vi.waitFor(
      async () => {
        const { handlers } = await query('{ handlers { fullName problem } }');
        expect(handlers.filter(({ problem }: any) => problem !== null)).toEqual([
          {
            fullName: 'events.OrderApproval',
            problem:
              'events/OrderApproval/inner.ts does not export handleOrderApproval (did you mean handleOrderAproval?); it exports handleOrderAproval',
          },
        ]);
      },
      { timeout: 30_000, interval: 100 },
    );
    await writeFile(file, text);
    await vi.waitFor(
      async () =>
        expect((await executionsFor(fresh('order')))[0]?.[1]).toMatchObject({ status: 'processing' }),
      { timeout: 30_000, interval: 100 },
    );
  });
});

describeEmbedded('An app folder outside of the project', (backend) => {
  it('imports throughline as if it were installed', async () => {
    const folder = await appFolder({
      'services/Shop/e.json': { functionList: [{ name: 'greet' }], eventDescs: [{ name: 'greeted' }] },
      'services/Shop/service.ts': `
        import { app, currentRun } from 'throughline';
        export async function greet({ name }: { name: string }) {
          const { id } = await app.event.publish({ sender: 'services.Shop.greeted', kwargs: { name } });
          return { id, handler: currentRun()?.event.topic };
        }`,
      'events/Greeting/e.json': {
        type: 'events.NormalType',
        sender: 'shop.entered',
        func: 'services.Shop.greet',
        funcType: 'Global',
      },
    });
    expect(readdirSync(folder)).not.toContain('node_modules');
    const gateway = await startGateway({
      ...settingsFor(await backend.target()),
      THROUGHLINE_APP: folder,
    });
    const input = { topic: 'shop.entered', payload: { name: 'Ada' } };
    const { data, errors } = await ask<any>(await gateway.url, sendWorkflow, { variables: { input } });
    expect(errors).toEqual([]);
    const [{ result, error, event }] = data.sendEvent.executions;
    expect({ result, error }).toEqual({
      result: { id: expect.any(String), handler: 'shop.entered' },
      error: null,
    });
    const { data: published } = await ask<any>(
      await gateway.url,
      `{ event(id: "${result.id}") { topic payload dependsOn { id } } }`,
    );
    expect(published.event).toEqual({
      topic: 'services.Shop.greeted',
      payload: { name: 'Ada' },
      dependsOn: { id: event.id },
    });
    await gateway.stop();
  });
});
