// The example app folder: every element of examples/approvals loads, and works as its title says.
import { describe, expect, it } from 'vitest';
import { loadApp } from '../../src/handlers/app/folder.ts';
import type { HandledEvent } from '../../src/domain/handlers/handler.ts';
import { anEvent, fakePort, handlerOf, runHandler } from './app-fixture.ts';

async function approvals() {
  const port = fakePort();
  const app = await loadApp('examples/approvals', { port });
  return { app, port };
}

function workflow(model: string, payload: object): HandledEvent {
  return anEvent({
    topic: model,
    eventType: 'events.WorkflowType',
    payload: { model, ...payload } as HandledEvent['payload'],
  });
}

describe('The example app', () => {
  it('has no broken element', async () => {
    const { app, port } = await approvals();
    expect(app.broken).toEqual([]);
    expect(port.lines).toEqual([]);
    expect(app.handlers.map(({ fullName, source, async }) => [fullName, source, async])).toEqual([
      ['events.ArchiveStatistics', 'services.CustomerBatchService.dataProcessed', false],
      ['events.InvoiceNotification', 'models.InvoiceModel', false],
      ['events.LeaveAtNode', 'models.LeaveModel', false],
      ['events.LeaveHandled', 'models.LeaveModel', false],
      ['events.OrderApproval', 'models.OrderModel', false],
      ['events.OrderAudit', 'models.OrderModel_UpdateAfter', true],
    ]);
    expect(app.declarations.map(({ name }) => name)).toEqual([
      'services.CustomerBatchService.dataProcessed',
      'services.NotificationSvc.notified',
    ]);
  });

  it('continues an approved order, whose model reports the update to its watchers', async () => {
    const { app, port } = await approvals();
    const event = workflow('models.OrderModel', {
      operate: 'Process',
      row: { orderNo: 'A1', status: 'new' },
      status: 'approved',
    });
    expect(await handlerOf(app, 'events.OrderApproval').isValid(event)).toBe(true);
    expect(await runHandler(app, 'events.OrderApproval', event)).toEqual({
      orderNo: 'A1',
      status: 'processing',
    });
    expect(app.api.getElement('models.OrderModel').find('A1')).toEqual({
      orderNo: 'A1',
      status: 'processing',
    });
    expect(port.sent).toEqual([
      {
        dependsOn: 'run-1',
        sender: 'models.OrderModel',
        eventType: 'events.ModelType',
        payload: {
          model: 'models.OrderModel',
          optType: 'UpdateAfter',
          prevData: {},
          postData: { orderNo: 'A1', status: 'processing' },
        },
        summary: null,
      },
    ]);
    const audited = anEvent({
      topic: 'models.OrderModel_UpdateAfter',
      payload: port.sent[0]!.payload as any,
    });
    expect(await handlerOf(app, 'events.OrderAudit').isValid(audited)).toBe(true);
    expect(await runHandler(app, 'events.OrderAudit', audited)).toEqual({
      orderNo: 'A1',
      from: null,
      to: 'processing',
    });
  });

  it('notifies at each of the three nodes, and records the decision of personnel', async () => {
    const { app, port } = await approvals();
    const row = { requestNo: 'L1', employee: 'Ada', days: 3 };
    for (const node of ['deptApproval', 'after.managerApproval', 'directorApproval']) {
      const event = workflow('models.LeaveModel', { operate: 'NodeChange', row, triggerNode: node });
      expect(await handlerOf(app, 'events.LeaveAtNode').isValid(event)).toBe(true);
      await runHandler(app, 'events.LeaveAtNode', event);
    }
    expect(port.sent.map(({ payload }: any) => payload.to)).toEqual([
      'the head of the department',
      'the manager',
      'the director',
    ]);
    const handled = workflow('models.LeaveModel', {
      operate: 'NodeHandled',
      row,
      nodeId: 'hrApproval',
      nodeTitle: 'Personnel',
      handleType: 'agree',
    });
    await runHandler(app, 'events.LeaveHandled', handled);
    expect(app.api.getElement('models.LeaveModel').find('L1')).toEqual({ ...row, status: 'granted' });
  });

  it('notifies of an invoice through a function of a service', async () => {
    const { app, port } = await approvals();
    const row = { invoiceNo: 'I7', customer: 'Bob' };
    const event = workflow('models.InvoiceModel', { operate: 'Process', row, status: 'approved' });
    await runHandler(app, 'events.InvoiceNotification', event);
    expect(port.sent[0]?.payload).toEqual({ to: 'Bob', text: 'The approval of invoice I7 is approved' });
  });

  it('archives the figures of each batch', async () => {
    const { app, port } = await approvals();
    await app.api.getElement('services.CustomerBatchService').processCustomers();
    const { sender, payload } = port.sent[0]!;
    const batch = anEvent({ topic: sender!, payload: payload as any });
    expect(await runHandler(app, 'events.ArchiveStatistics', batch)).toEqual({ batches: 1, customers: 100 });
    expect(await runHandler(app, 'events.ArchiveStatistics', batch)).toEqual({ batches: 2, customers: 200 });
  });
});
