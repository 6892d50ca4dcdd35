// The interface of the `app` object that functions import.
import type { SendInput } from '../domain/events/send.ts';
import type { SendResult } from './app/event-service.ts';

/** What to publish. All options of a send are allowed too. */
export interface Publication extends Omit<SendInput, 'sender' | 'topic' | 'payload' | 'kwargs' | 'summary'> {
  /** The topic, such as `services.OrderSvc.paid`. */
  readonly sender: string;
  /** A single object becomes the payload itself; anything else is packed, and unpacked again for handlers. */
  readonly args?: readonly unknown[];
  /** Without `args`, these are the payload; with `args`, they are the last argument. */
  readonly kwargs?: object;
}

/** Logs a message, with optional facts for programs. */
export type LogLine = (message: string, facts?: object) => void;

export interface AppLog {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

export interface AppApi {
  readonly event: {
    /**
     * Sends an event. Within a run the event becomes a child of the handled event, unless `dependsOn` is given. Rejects
     * with a ThroughlineError if the event is refused or a synchronous handler fails.
     */
    publish(publication: Publication): Promise<SendResult>;
  };
  /** The older form: `name` is the sender, `payload` the only argument. */
  triggerEvent(name: string, payload?: object): Promise<SendResult>;
  /** Finds a service, an event, a model, or events.services.EventSvc by name. Throws if it does not exist. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- elements are the folder's own, of whatever shape
  getElement<Element = any>(fullName: string): Element;
  /** Lines carry `requestId`, `nodeId`, `eventId` and `handler` of the run. */
  readonly log: AppLog;
}
