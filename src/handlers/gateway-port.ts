// The interface of the gateway that handlers and the API inside functions use.
import type { Logger } from '../base/logger.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Execution } from '../domain/handlers/handler.ts';
import type { SendInput } from '../domain/events/send.ts';
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
