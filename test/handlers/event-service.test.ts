// events.services.EventSvc: JitAI's parameters in, JitAI's rows out.
import { beforeEach, describe, expect, it } from 'vitest';
import type { PartialEvent } from '../../src/domain/events/event.ts';
import type { EventService } from '../../src/handlers/app/event-service.ts';
import { anElement, appWith, type FakePort, fakePort } from './app-fixture.ts';

const run: PartialEvent = {
  id: 'run-1',
  topic: 'events.A',
  eventType: 'events.NormalType',
  sender: 'services.Shop.paid',
  requestId: 'request-1',
  nodeId: 'run-1',
  dependsOnId: 'source-1',
  status: 'FAILED',
  summary: {},
  payload: { total: 3 },
  result: null,
  error: { message: 'no luck', code: null, stack: 'Error: no luck\n  at somewhere' },
  createdAt: new Date('2024-01-31T23:59:58.100Z'),
  startedAt: new Date('2024-01-31T23:59:58.200Z'),
  finishedAt: new Date('2024-01-31T23:59:59.450Z'),
};

const row = {
  id: 'run-1',
  requestId: 'request-1',
  nodeId: 'run-1',
  parentNodeId: 'node of source-1',
  fullName: 'events.A',
  title: 'The A',
  eventType: 'events.NormalType',
  sender: 'services.Shop.paid',
  status: 'fail',
  startTime: '2024-01-31 23:59:58',
  endTime: '2024-01-31 23:59:59',
  duration: 1250,
  args: [{ total: 3 }],
  kwargs: {},
  result: null,
  error: 'no luck',
  trace: 'Error: no luck\n  at somewhere',
};

let port: FakePort;
let service: EventService;

beforeEach(async () => {
  port = fakePort();
  port.events.push(run);
  const config = { type: 'events.NormalType', sender: 'services.Shop.paid', title: 'The A' };
  const { api } = await appWith(anElement('A', config), port);
  service = api.getElement<EventService>('events.services.EventSvc');
});

describe('getEventLog', () => {
  it('returns one page with JitAI’s field names', async () => {
    expect(await service.getEventLog({ fullName: 'events.A' })).toEqual({ totalCount: 1, rowDatas: [row] });
    expect(port.queries).toEqual([
      { fullName: 'events.A', startTime: null, endTime: null, status: null, page: 1, pageSize: 20 },
    ]);
  });

  it('accepts times as text in UTC, RFC 3339 and Dates; an end includes its second', async () => {
    const fullName = 'events.A';
    await service.getEventLog({ fullName, startTime: '2024-01-01 00:00:00', endTime: '2024-01-31 23:59:59' });
    await service.getEventLog({ fullName, startTime: '2024-01-01T00:00:00+01:00', endTime: new Date(7) });
    expect(port.queries).toMatchObject([
      { startTime: new Date('2024-01-01T00:00:00.000Z'), endTime: new Date('2024-01-31T23:59:59.999Z') },
      { startTime: new Date('2023-12-31T23:00:00.000Z'), endTime: new Date(7) },
    ]);
  });

  it.each([
    ['2024-02-30 00:00:00', '"2024-02-30 00:00:00"'],
    ['yesterday', '"yesterday"'],
    [new Date(NaN), 'null'],
    [12 as any, '12'],
  ])('refuses the time %s', async (startTime, shown) => {
    await expect(service.getEventLog({ fullName: 'events.A', startTime })).rejects.toThrow(
      `startTime must be a time such as "2024-01-31 23:59:59", which is UTC, or a Date, not ${shown}.`,
    );
  });

  it.each([
    ['waiting', 'WAITING'],
    ['running', 'RUNNING'],
    ['success', 'SUCCESS'],
    ['fail', 'FAIL'],
    ['FAIL', 'FAIL'],
  ])('takes the status %s', async (status, asked) => {
    await service.getEventLog({ fullName: 'events.A', status, page: 2, pageSize: 5 });
    expect(port.queries).toMatchObject([{ status: asked, page: 2, pageSize: 5 }]);
  });

  it('refuses an unknown status, and a missing name', async () => {
    await expect(service.getEventLog({ fullName: 'events.A', status: 'failed' })).rejects.toThrow(
      'status must be one of fail, success, running, waiting, not "failed" (did you mean fail?).',
    );
    await expect(service.getEventLog({} as any)).rejects.toThrow(
      'fullName must be a text that is not empty, not undefined.',
    );
  });
});

describe('The chain calls', () => {
  it('return the rows of a request, with their parents', async () => {
    const source = {
      ...run,
      id: 'source-1',
      nodeId: 'the source',
      topic: 'x',
      dependsOnId: null,
      error: null,
    };
    port.events.unshift({ ...source, status: 'FINISHED', startedAt: null, finishedAt: null });
    const rows = await service.getEventLogByRequestId({ requestId: 'request-1' });
    expect(rows).toEqual([
      expect.objectContaining({
        id: 'source-1',
        parentNodeId: null,
        status: 'success',
        title: null,
        duration: null,
      }),
      { ...row, parentNodeId: 'the source' },
    ]);
    expect(rows[0]).toMatchObject({ startTime: '2024-01-31 23:59:58', endTime: null, error: null });
    expect(await service.getEventLogByRequestId('request-1')).toEqual(rows);
    expect(await service.getEventLogByRequestId('another')).toEqual([]);
  });

  it('return a node of a request, also by two strings', async () => {
    const parameters = { requestId: 'request-1', nodeId: 'run-1' };
    expect(await service.getEventLogByNodeId(parameters)).toEqual([row]);
    expect(await service.getEventLogByNodeId('request-1', 'run-1')).toEqual([row]);
    await expect(service.getEventLogByNodeId('request-1')).rejects.toThrow(
      'nodeId must be a text that is not empty, not undefined.',
    );
  });
});

describe('sendEvent', () => {
  it('returns the ids of the event, and one result for each handler', async () => {
    const sending: typeof port.send = async (input) => {
      port.sent.push(input);
      const error = { message: 'no', code: null, stack: null };
      return {
        event: { id: 'e', requestId: 'r', nodeId: 'n' },
        executions: [
          {
            handler: 'events.A',
            event: { id: 'x', nodeId: 'x', status: 'FINISHED' },
            result: 7,
            error: null,
          },
          { handler: 'events.B', event: { id: 'y', nodeId: 'y', status: 'FAILED' }, result: null, error },
          {
            handler: 'events.C',
            event: { id: 'z', nodeId: 'z', status: 'PENDING' },
            result: null,
            error: null,
          },
        ],
      };
    };
    const { api } = await appWith({}, { ...port, send: sending });
    const sent = { sender: 'models.User', kwargs: { a: 1 } };
    expect(await api.getElement<EventService>('events.services.EventSvc').sendEvent(sent)).toEqual({
      id: 'e',
      requestId: 'r',
      nodeId: 'n',
      executions: [
        { fullName: 'events.A', id: 'x', nodeId: 'x', status: 'success', result: 7, error: null },
        {
          fullName: 'events.B',
          id: 'y',
          nodeId: 'y',
          status: 'fail',
          result: null,
          error: { message: 'no', code: null, stack: null },
        },
        { fullName: 'events.C', id: 'z', nodeId: 'z', status: 'waiting', result: null, error: null },
      ],
    });
    expect(port.sent).toMatchObject([{ sender: 'models.User', payload: { a: 1 } }]);
  });
});
