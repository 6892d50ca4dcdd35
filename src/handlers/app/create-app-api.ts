// The `app` object that functions import: publishes events, finds elements, and logs lines that identify the run.
import { badInput } from '../../base/errors.ts';
import { isJsonObject } from '../../domain/values/json.ts';
import type { AppApi, AppLog, LogLine, Publication } from '../app-api.ts';
import { packArguments } from '../running/arguments.ts';
import { didYouMean, shown } from '../wording.ts';
import { createEventService, sendResult } from './event-service.ts';
import type { GatewayPort, Sent } from '../gateway-port.ts';
import { currentRun, runStorage } from '../running/run-context.ts';

/** The elements of an app folder. */
export interface KnownElements {
  /** Finds an element by full name; undefined if it does not exist. */
  find(fullName: string): unknown;
  /** Why the element with this name is broken; null if it works or does not exist. */
  problemOf(fullName: string): string | null;
  names(): Iterable<string>;
  titleOf(fullName: string): string | null;
  /** The full names that a service declares in its eventDescs; null if the service does not exist. */
  declaredBy(service: string): readonly string[] | null;
}

export function createAppApi(port: GatewayPort, elements: KnownElements): AppApi {
  const send = async (publication: Publication): Promise<Sent> => {
    const run = currentRun();
    // A run that has ended can no longer act.
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
    // Work that the gateway starts for the send is not part of the run.
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

/** Refuses a publication that an existing service does not declare. */
function checkDeclared(sender: unknown, elements: KnownElements): void {
  if (typeof sender !== 'string' || sender === '') {
    throw badInput(
      `sender must be the published topic, such as "services.OrderSvc.paid", not ${shown(sender)}.`,
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
    (level: keyof AppLog): LogLine =>
    (message, facts = {}) =>
      (currentRun()?.log ?? port.logger)[level](facts, message);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** An `app` that resolves the instance it stands for at every call. */
export function delegateTo(find: () => AppApi): AppApi {
  const line =
    (level: keyof AppLog): LogLine =>
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
