// What handlers and the API inside functions need of the gateway that runs them.
import type { Logger } from '../base/logger.ts';
import type { EventRecord } from '../domain/event.ts';
import type { Execution } from '../domain/handler.ts';
import type { SendInput } from '../domain/send.ts';
import type { Operations } from '../operations/operations.ts';

/** What a send answers with: the event, and the runs of the handlers that it was for. */
export interface Sent {
  readonly event: Pick<EventRecord, 'id' | 'requestId' | 'nodeId'>;
  readonly executions: readonly Execution[];
}

/** The calls refuse as the gateway's own do, with a ThroughlineError. */
export interface GatewayPort extends Pick<
  Operations,
  'eventLog' | 'countEventLog' | 'eventsOfRequest' | 'eventsBelowNode' | 'eventsByIds'
> {
  send(input: SendInput): Promise<Sent>;
  readonly logger: Logger;
}
