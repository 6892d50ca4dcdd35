// The interface of the gateway that handlers and the API inside functions use.
import type { Logger } from '../base/logger.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Execution } from '../domain/handlers/handler.ts';
import type { SendInput } from '../domain/events/send.ts';
import { internalCaller } from '../operations/callers.ts';
import type { Operations } from '../operations/operations.ts';

/** The result of a send: the event, and the runs of its handlers. */
export interface Sent {
  readonly event: Pick<EventRecord, 'id' | 'requestId' | 'nodeId'>;
  readonly executions: readonly Execution[];
}

/** Methods reject with a ThroughlineError, as the gateway's own do. */
export interface GatewayPort extends Pick<
  Operations,
  'eventLog' | 'countEventLog' | 'eventsOfRequest' | 'eventsBelowNode' | 'eventsByIds'
> {
  send(input: SendInput): Promise<Sent>;
  readonly logger: Logger;
}

/** The caller on whose behalf handlers send events. The event's history names the run as well. */
const ownCaller = internalCaller('handlers');

export function createGatewayPort(operations: Operations, logger: Logger): GatewayPort {
  const send: GatewayPort['send'] = async (input) => {
    const { event, executions } = await operations.sendEvent(ownCaller, input);
    // An event that was already stored under the same hash may not be readable; then only its id is known.
    const { requestId, nodeId } = event;
    if (requestId !== undefined && nodeId !== undefined)
      return { event: { id: event.id, requestId, nodeId }, executions };
    const known = (await operations.eventsByIds([event.id], ['requestId', 'nodeId'])).get(event.id);
    return {
      event: { id: event.id, requestId: known?.requestId ?? '', nodeId: known?.nodeId ?? event.id },
      executions,
    };
  };
  return { ...operations, logger, send };
}
