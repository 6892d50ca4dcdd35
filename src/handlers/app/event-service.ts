// events.services.EventSvc: JitAI's event service, which queries the log and sends events.
import { badInput } from '../../base/errors.ts';
import type { EventError, PartialEvent } from '../../domain/events/event.ts';
import type { GatewayPort, Sent } from '../gateway-port.ts';
import { type LogRow, logRow, readStatus, readTime, rowFields, statusWord } from '../running/log-rows.ts';
import { shown } from '../wording.ts';

export const eventServiceName = 'events.services.EventSvc';

export interface EventLogParameters {
  /** Full name of the element whose runs are wanted. */
  readonly fullName: string;
  /** `YYYY-MM-DD HH:MM:SS` in UTC, RFC 3339, or a Date; inclusive. */
  readonly startTime?: string | Date | null;
  readonly endTime?: string | Date | null;
  /** success, fail, running or waiting. Default: all. */
  readonly status?: string | null;
  /** Starts at 1, the default. */
  readonly page?: number;
  /** Default: 20. */
  readonly pageSize?: number;
}

/** The result of a send. */
export interface SendResult {
  readonly id: string;
  readonly requestId: string;
  readonly nodeId: string;
  /** One per handler. Background runs have the status waiting. */
  readonly executions: readonly {
    readonly fullName: string;
    readonly id: string;
    readonly nodeId: string | null;
    readonly status: LogRow['status'] | null;
    readonly result: unknown;
    readonly error: EventError | null;
  }[];
}

/** Every method takes one object with its parameters. Errors are ThroughlineErrors. */
export interface EventService {
  readonly fullName: string;
  /** One page of an element's log, newest first. */
  getEventLog(parameters: EventLogParameters): Promise<{ totalCount: number; rowDatas: LogRow[] }>;
  /** Sends an event with this sender, which is also the topic. `eventType` defaults to events.NormalType. */
  sendEvent(parameters: {
    readonly sender: string;
    readonly kwargs?: object;
    readonly eventType?: string;
  }): Promise<SendResult>;
  /** All events of a request, parents first. */
  getEventLogByRequestId(parameters: { readonly requestId: string } | string): Promise<LogRow[]>;
  /** A node of a request and everything below it, parents first. Also accepts two strings. */
  getEventLogByNodeId(
    parameters: { readonly requestId: string; readonly nodeId: string } | string,
    nodeId?: string,
  ): Promise<LogRow[]>;
}

export interface EventServiceParts {
  readonly port: GatewayPort;
  /** Sends on behalf of the current run, if any. */
  readonly send: (given: { sender: string; kwargs?: object; eventType?: string }) => Promise<Sent>;
  /** The title of an element, by full name. */
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

/** Parent nodes by the parents' ids. Parents that are among the events are not read. */
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
