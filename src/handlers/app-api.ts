// The `app` object that functions import: publishing events, finding elements, and a log whose lines go with the run.
import { badInput } from '../base/errors.ts';
import { isJsonObject } from '../domain/json.ts';
import type { SendInput } from '../domain/send.ts';
import { packArguments } from './arguments.ts';
import { didYouMean, shown } from './wording.ts';
import { createEventService, type SendResult, sendResult } from './event-service.ts';
import type { GatewayPort, Sent } from './gateway-port.ts';
import { currentRun, runStorage } from './run-context.ts';

/** What to publish; besides, whatever a send takes. */
export interface Publication extends Omit<SendInput, 'sender' | 'topic' | 'payload' | 'kwargs' | 'summary'> {
  /** The topic, such as `services.OrderSvc.paid`. */
  readonly sender: string;
  /** One object is the payload itself; anything else is packed, and unpacked for the handlers. */
  readonly args?: readonly unknown[];
  /** Alone, they are the payload; with `args`, the last argument. */
  readonly kwargs?: object;
}

/** A line of the log: what happened, and facts for programs. */
type Line = (message: string, facts?: object) => void;

export interface AppLog {
  readonly debug: Line;
  readonly info: Line;
  readonly warn: Line;
  readonly error: Line;
}

export interface AppApi {
  readonly event: {
    /**
     * Sends an event; within a run it hangs below it, unless `dependsOn` says otherwise. Rejects with a ThroughlineError
     * where it is refused, or a synchronous handler of it fails.
     */
    publish(publication: Publication): Promise<SendResult>;
  };
  /** The older spelling: `name` is the sender, `payload` the one argument. */
  triggerEvent(name: string, payload?: object): Promise<SendResult>;
  /** A service, an event, a model, or events.services.EventSvc; throws where there is none of that name. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- elements are the folder's own, of whatever shape
  getElement<Element = any>(fullName: string): Element;
  /** Lines carry `requestId`, `nodeId`, `eventId` and `handler` of the run. */
  readonly log: AppLog;
}

/** What an app folder knows of itself. */
export interface KnownElements {
  /** By full name; undefined where there is none. */
  find(fullName: string): unknown;
  /** Why the element of that name does not work; null where it does, or is not there. */
  problemOf(fullName: string): string | null;
  names(): Iterable<string>;
  titleOf(fullName: string): string | null;
  /** The full names of what a service declares in its eventDescs; null where there is no such service. */
  declaredBy(service: string): readonly string[] | null;
}

export function createAppApi(port: GatewayPort, elements: KnownElements): AppApi {
  const send = async (publication: Publication): Promise<Sent> => {
    const run = currentRun();
    // What a run does after its end counts for nothing.
    run?.run.signal.throwIfAborted();
    const { sender, args, kwargs, ...rest } = publication;
    checkDeclared(sender, elements);
    checkArguments(args, kwargs);
    const { payload, summary } = packArguments({
      ...(args && { args }),
      ...(kwargs && { kwargs: { ...kwargs } }),
    });
    const input = {
      dependsOn: run?.run.eventId,
      ...rest,
      sender,
      payload,
      summary,
    };
    // What the gateway begins for it is no part of the run.
    return runStorage.exit(() => port.send(input));
  };
  const publish = async (publication: Publication) => sendResult(await send(publication));
  const eventService = createEventService({ port, send, titleOf: elements.titleOf });
  return {
    event: { publish },
    triggerEvent: (name, payload = {}) => publish({ sender: name, args: [payload] }),
    getElement<Element>(fullName: string): Element {
      const element = fullName === eventService.fullName ? eventService : elements.find(fullName);
      if (element === undefined) throw noElement(fullName, elements, eventService.fullName);
      return element as Element;
    },
    log: createAppLog(port),
  };
}

/** Refuses what a service that is known would have to declare, and does not. */
function checkDeclared(sender: unknown, elements: KnownElements): void {
  if (typeof sender !== 'string' || sender === '') {
    throw badInput(
      `sender must be what is published, such as "services.OrderSvc.paid", not ${shown(sender)}.`,
    );
  }
  const service = sender.slice(0, Math.max(0, sender.lastIndexOf('.')));
  const declared = elements.declaredBy(service);
  if (declared === null || declared.includes(sender)) return;
  const known = declared.length === 0 ? 'declares no events' : `declares ${declared.join(', ')}`;
  throw badInput(
    `sender ${shown(sender)} is not declared: ${service} ${known}${didYouMean(sender, declared)}. Declare it in its eventDescs.`,
  );
}

function checkArguments(args: unknown, kwargs: unknown): void {
  if (args != null && !Array.isArray(args)) {
    throw badInput(`args must be a list of arguments, such as [{"total": 3}], not ${shown(args)}.`);
  }
  if (kwargs != null && !isJsonObject(kwargs)) {
    throw badInput(`kwargs must be an object, such as {"total": 3}, not ${shown(kwargs)}.`);
  }
}

function noElement(fullName: unknown, elements: KnownElements, eventService: string): Error {
  const name = String(fullName);
  const problem = elements.problemOf(name);
  if (problem !== null) return badInput(`The element ${shown(name)} does not work: ${problem}`);
  const names = [...elements.names(), eventService].toSorted();
  const near = didYouMean(name, names);
  const known = near || names.length > 10 ? '' : `; there are ${names.join(', ')}`;
  return badInput(`There is no element ${shown(name)}${near}${known}.`);
}

function createAppLog(port: GatewayPort): AppLog {
  const line =
    (level: keyof AppLog): Line =>
    (message, facts = {}) =>
      (currentRun()?.log ?? port.logger)[level](facts, message);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** An `app` that asks anew, at every call, which one it stands for. */
export function delegateTo(find: () => AppApi): AppApi {
  const line =
    (level: keyof AppLog): Line =>
    (...given) =>
      find().log[level](...given);
  return Object.freeze({
    event: Object.freeze({ publish: async (publication: Publication) => find().event.publish(publication) }),
    triggerEvent: async (name: string, payload?: object) => find().triggerEvent(name, payload),
    getElement: <Element>(fullName: string) => find().getElement<Element>(fullName),
    log: Object.freeze({
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    }),
  });
}
