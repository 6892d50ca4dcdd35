// The approvals: what a workflow engine sends to a gateway, what the event elements of an app folder make of it, and the log of that.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, isThroughlineError } from 'throughline-client';
import { WebSocket } from 'ws';
import { createGateway, type EventService, type Gateway } from '../src/gateway.ts';
import { paint, say } from './demo/paint.ts';
import { printTree } from './approvals/program/tree.ts';
import { Watching } from './approvals/program/watching.ts';
import { Workflow } from './approvals/program/workflow.ts';

const appFolder = 'examples/approvals';

/** Each part of the story: it answers the request whose chain it has made. */
type Part = (engine: Workflow, app: Gateway['app']) => Promise<string>;

const story: Readonly<Record<string, Part>> = {
  'An order is approved': (engine) => anOrder(engine, { orderNo: 'A-1041', status: 'new' }, 'approved'),
  'The same order is rejected after all': (engine) =>
    anOrder(engine, { orderNo: 'A-1041', status: 'processing' }, 'rejected'),
  'An order without a number cannot be saved': (engine) => anOrder(engine, { status: 'new' }, 'approved'),
  'A leave request goes through three approvals, and on to personnel': leave,
  'An invoice is approved': async (engine) => {
    const invoice = await engine.begin('models.InvoiceModel', { invoiceNo: 'I-7', customer: 'Bob' });
    await invoice.process('approved');
    return invoice.requestId;
  },
  'Customers are processed in a batch': batch,
  'And in another': batch,
};

async function anOrder(engine: Workflow, row: object, status: string): Promise<string> {
  const order = await engine.begin('models.OrderModel', row);
  try {
    await order.process(status);
  } catch (error) {
    if (!isThroughlineError(error, 'HANDLER_FAILED')) throw error;
    // The event itself is stored: sending it again would make another.
    say(`  the workflow engine gets: ${error.code}`);
  }
  return order.requestId;
}

async function leave(engine: Workflow): Promise<string> {
  const request = await engine.begin('models.LeaveModel', { requestNo: 'L-12', employee: 'Ada', days: 3 });
  for (const [node, title] of [
    ['deptApproval', 'Department'],
    ['managerApproval', 'Manager'],
    ['directorApproval', 'Director'],
  ] as const) {
    await request.changeNode(`before.${node}`);
    await request.handleNode(node, title, 'agree');
    await request.changeNode(`after.${node}`);
  }
  for (const act of ['reject', 'transfer', 'agree']) await request.handleNode('hrApproval', 'Personnel', act);
  return request.requestId;
}

/** Not sent: the service is called where the gateway is, and publishes its event itself. */
async function batch(_engine: Workflow, app: Gateway['app']): Promise<string> {
  const published = await app.getElement('services.CustomerBatchService').processCustomers();
  return published.requestId;
}

async function tell({ app }: Gateway, client: Client): Promise<void> {
  const engine = new Workflow(client);
  const watching = await Watching.begin(client, say);
  const requests: string[] = [];
  for (const [title, part] of Object.entries(story)) {
    say(`\n${paint('bold', title)}`);
    const requestId = await part(engine, app);
    await watching.ended(requestId);
    requests.push(requestId);
  }
  await watching.stop();

  say(`\n${paint('bold', 'What is saved')}`);
  say(`  order A-1041       ${JSON.stringify(app.getElement('models.OrderModel').find('A-1041'))}`);
  say(`  leave request L-12 ${JSON.stringify(app.getElement('models.LeaveModel').find('L-12'))}`);

  await printLog(app, 'events.OrderApproval');
  for (const [n, title] of Object.keys(story).entries()) {
    say(`\n${paint('bold', title)}`);
    await printTree(client, requests[n]!);
  }
}

/** What the event service answers, to functions of the folder as well as here. */
async function printLog(app: Gateway['app'], fullName: string): Promise<void> {
  const eventSvc = app.getElement<EventService>('events.services.EventSvc');
  const { totalCount, rowDatas } = await eventSvc.getEventLog({ fullName });
  say(`\n${paint('bold', `The log of ${fullName}: ${totalCount} runs, newest first`)}`);
  for (const { startTime, duration, status, result, error } of rowDatas) {
    say(
      `  ${startTime}  ${`${duration} ms`.padStart(7)}  ${status.padEnd(8)} ${error ?? JSON.stringify(result)}`,
    );
  }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-approvals-'));
  const gateway = createGateway({
    appFolder,
    watchesApp: false,
    port: 0,
    dataFolder: folder,
    logLevel: 'error',
  });
  try {
    const { url, madeKey } = await gateway.start();
    say(`A gateway at ${url} has loaded ${appFolder}.`);
    const client = createClient({ url, key: madeKey!, webSocket: WebSocket });
    await Promise.race([tell(gateway, client), interruption()]);
    await client.close();
    say(`\nThe same app behind a gateway that stays: THROUGHLINE_APP=${appFolder} npm start`);
  } finally {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ctrl-C ends it as an error does, so that it still stops its gateway and removes the folder. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`The approvals failed: ${error.message}\n`);
    process.exit(1);
  },
);
