// events.services.EventSvc: JitAI's event service, which asks the log and sends events.
import { badInput } from '../base/errors.ts';
import type { EventError, PartialEvent } from '../domain/event.ts';
import type { GatewayPort, Sent } from './gateway-port.ts';
import { type LogRow, logRow, readStatus, readTime, rowFields, statusWord } from './log-rows.ts';
import { shown } from './wording.ts';

export const eventServiceName = 'events.services.EventSvc';

export interface EventLogParameters {
  /** Of the element whose runs are asked for. */
  readonly fullName: string;
  /** `YYYY-MM-DD HH:MM:SS` in UTC, RFC 3339, or a Date; inclusive. */
  readonly startTime?: string | Date | null;
  readonly endTime?: string | Date | null;
  /** success, fail, running or waiting; all unless given. */
  readonly status?: string | null;
  /** From 1, which is the default. */
  readonly page?: number;
  /** 20 unless given. */
  readonly pageSize?: number;
}

/** What a send came to. */
export interface SendResult {
  readonly id: string;
  readonly requestId: string;
  readonly nodeId: string;
  /** One for each handler; those in the background are waiting. */
  readonly executions: readonly {
    readonly fullName: string;
    readonly id: string;
    readonly nodeId: string | null;
    readonly status: LogRow['status'] | null;
    readonly result: unknown;
    readonly error: EventError | null;
  }[];
}

/** Each call takes one object of the parameters; refusals are ThroughlineErrors. */
export interface EventService {
  readonly fullName: string;
  /** One page of the log of an element, newest first. */
  getEventLog(parameters: EventLogParameters): Promise<{ totalCount: number; rowDatas: LogRow[] }>;
  /** Sends an event of this sender, which names the topic; `eventType` is events.NormalType unless given. */
  sendEvent(parameters: {
    readonly sender: string;
    readonly kwargs?: object;
    readonly eventType?: string;
  }): Promise<SendResult>;
  /** All events of a request, parents first. */
  getEventLogByRequestId(parameters: { readonly requestId: string } | string): Promise<LogRow[]>;
  /** A node of a request and all below it, parents first; also as two texts. */
  getEventLogByNodeId(
    parameters: { readonly requestId: string; readonly nodeId: string } | string,
    nodeId?: string,
  ): Promise<LogRow[]>;
}

export interface EventServiceParts {
  readonly port: GatewayPort;
  /** Sends in the name of whatever run is under way. */
  readonly send: (given: { sender: string; kwargs?: object; eventType?: string }) => Promise<Sent>;
  /** Of an element, by full name. */
  readonly titleOf: (fullName: string) => string | null;
}

export function createEventService({ port, send, titleOf }: EventServiceParts): EventService {
  const rows = async (events: readonly PartialEvent[]): Promise<LogRow[]> => {
    const parents = await parentNodes(port, events);
    return events.map((event) =>
      logRow(event, parents.get(event.dependsOnId ?? '') ?? null, titleOf(event.topic ?? '')),
    );
  };
  return {
    fullName: eventServiceName,
    async getEventLog(parameters) {
      const { fullName, startTime, endTime, status, page = 1, pageSize = 20 } = parameters;
      const query = {
        fullName: text('fullName', fullName),
        startTime: readTime('startTime', startTime, false),
        endTime: readTime('endTime', endTime, true),
        status: readStatus(status),
        page,
        pageSize,
      };
      const [events, { count }] = await Promise.all([
        port.eventLog(query, rowFields),
        port.countEventLog(query),
      ]);
      return { totalCount: count, rowDatas: await rows(events) };
    },
    async sendEvent({ sender, kwargs, eventType }) {
      text('sender', sender);
      return sendResult(await send({ sender, ...(kwargs && { kwargs }), ...(eventType && { eventType }) }));
    },
    async getEventLogByRequestId(parameters) {
      const requestId = typeof parameters === 'string' ? parameters : parameters.requestId;
      return rows(await port.eventsOfRequest(text('requestId', requestId), rowFields));
    },
    async getEventLogByNodeId(parameters, node) {
      const { requestId, nodeId } =
        typeof parameters === 'string' ? { requestId: parameters, nodeId: node } : parameters;
      return rows(
        await port.eventsBelowNode(text('requestId', requestId), text('nodeId', nodeId), rowFields),
      );
    },
  };
}

export function sendResult({ event, executions }: Sent): SendResult {
  return {
    id: event.id,
    requestId: event.requestId,
    nodeId: event.nodeId,
    executions: executions.map((execution) => ({
      fullName: execution.handler,
      id: execution.event.id,
      nodeId: execution.event.nodeId ?? null,
      status: execution.event.status ? statusWord(execution.event.status) : null,
      result: execution.result,
      error: execution.error,
    })),
  };
}

/** The nodes that the events hang below, by the parents' ids; those among the events need not be read. */
async function parentNodes(port: GatewayPort, events: readonly PartialEvent[]): Promise<Map<string, string>> {
  const nodes = new Map(events.map(({ id, nodeId }) => [id, nodeId ?? id]));
  const parents = new Set(events.map(({ dependsOnId }) => dependsOnId ?? null));
  const unread = [...parents].filter((id) => id !== null && !nodes.has(id)) as string[];
  if (unread.length === 0) return nodes;
  for (const { id, nodeId } of (await port.eventsByIds(unread, ['nodeId'])).values()) {
    if (nodeId !== undefined) nodes.set(id, nodeId);
  }
  return nodes;
}

function text(argument: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw badInput(`${argument} must be a text that is not empty, not ${shown(value)}.`);
}
