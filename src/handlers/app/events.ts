// Event elements of an app folder: builds a handler from an e.json and a function.
import { asError, ThroughlineError } from '../../base/errors.ts';
import { checkCel } from '../../domain/cel/filter.ts';
import type { BaseType, HandledEvent, Handler, Run } from '../../domain/handlers/handler.ts';
import { checkTopic } from '../../domain/events/topic.ts';
import { HandleTypeEnum } from '../../domain/handlers/workflow.ts';
import type { Loading } from './elements.ts';
import { ElementProblem, type FoundElement, readConfig, refuse } from './files.ts';
import type { AnyFunction } from './modules.ts';
import { exportedFunctions, notExported, saverOf, titleIn } from './services.ts';
import { typeNamed } from './types.ts';
import { joinArguments } from '../running/arguments.ts';
import { handlerDefaults } from './define-handler.ts';
import { problemOf } from './element-schemas.ts';
import { didYouMean, shown } from '../wording.ts';
import type { ElementConfig, EventElement } from './event-element.ts';

/** Loads an event element and its handler. Throws an ElementProblem. */
export async function loadEvent(found: FoundElement, loading: Loading): Promise<void> {
  const { folder, elements } = loading;
  const file = `${found.path}/e.json`;
  const given = await readConfig(folder, found);
  refuse(file, problemOf('typeOfEvent', given));
  const type = typeNamed(file, given.type as string, elements);
  const config = withFuncType({ ...type.config, ...given }, found);
  refuse(file, problemOf(type.baseType, config));
  refuse(file, handleTypeProblem(config));
  const where = checkWhere(file, config.where as string | null | undefined);
  const func = await functionFor(found, config, loading);
  const element = guarded(`${file}: the type ${String(given.type)} cannot be made`, () => {
    return new type.Class({
      fullName: found.fullName,
      title: titleIn(config),
      config,
      func,
      saverOf: (model) => saverOf(elements, model),
    });
  });
  const source = guarded(`${file}: getSender()`, () =>
    checkTopic(String(element.getSender() ?? ''), 'its result'),
  );
  elements.addEvent(element, handlerOf(element, type.baseType, source, where));
}

/** Sets funcType to Inner or Global: as given, in any case, or as `func` and the files imply. */
function withFuncType(config: ElementConfig, { code }: FoundElement): ElementConfig {
  const { funcType, func } = config;
  if (typeof funcType === 'string') {
    const known = ['Inner', 'Global'].find((name) => name.toLowerCase() === funcType.toLowerCase());
    return known ? { ...config, funcType: known } : config;
  }
  if (funcType != null) return config;
  const isInner = func == null ? code !== null : String(func).startsWith('inner.');
  return { ...config, funcType: isInner ? 'Inner' : 'Global' };
}

/** Unknown handle types are allowed, since a workflow may define its own, unless they look misspelt. */
function handleTypeProblem({ handleType }: ElementConfig): string | null {
  const words = Object.values(HandleTypeEnum) as readonly string[];
  for (const word of [handleType ?? []].flat() as string[]) {
    const hint = words.includes(word) ? '' : didYouMean(word, words);
    if (hint !== '') return `handleType ${shown(word)} is not one of ${words.join(', ')}${hint}`;
  }
  return null;
}

function checkWhere(file: string, text: string | null | undefined): string | null {
  try {
    return checkCel(text)?.text ?? null;
  } catch (error) {
    throw error instanceof ThroughlineError ? new ElementProblem(`${file}: ${error.message}`) : error;
  }
}

async function functionFor(
  found: FoundElement,
  config: ElementConfig,
  loading: Loading,
): Promise<AnyFunction> {
  const func = (config.func ?? null) as string | null;
  return config.funcType === 'Inner'
    ? innerFunction(found, func, loading)
    : globalFunction(`${found.path}/e.json`, func, loading);
}

async function innerFunction(
  found: FoundElement,
  func: string | null,
  loading: Loading,
): Promise<AnyFunction> {
  const name = func === null ? 'customFunc' : func.replace(/^inner\./, '');
  if (func !== null && func !== 'customFunc' && !/^inner\.[^.]+$/.test(func)) {
    throw new ElementProblem(
      `${found.path}/e.json: func must be inner.<function>, since funcType is Inner, not ${shown(func)}`,
    );
  }
  if (found.code === null) {
    throw new ElementProblem(
      `${found.path}/inner.ts is missing; it exports ${name}, since funcType is Inner`,
    );
  }
  const functions = await exportedFunctions(found, loading.modules);
  const inner = functions.get(name);
  if (!inner) throw new ElementProblem(notExported(found.code, name, functions));
  return inner;
}

function globalFunction(file: string, func: string | null, { elements }: Loading): AnyFunction {
  if (func === null) {
    throw new ElementProblem(
      `${file}: func is missing; it must be <service>.<function>, such as "services.OrderSvc.pay", or there must be an inner.ts`,
    );
  }
  const dot = func.lastIndexOf('.');
  const [service, name] = [func.slice(0, Math.max(0, dot)), func.slice(dot + 1)];
  if (elements.problemOf(service) !== null) {
    throw new ElementProblem(`${file}: func names ${service}, which is broken; see its own error`);
  }
  const functions = elements.functionsOf(service);
  const known = [...(functions?.keys() ?? elements.callables())];
  const there = known.length === 0 ? 'none' : known.join(', ');
  if (!functions) {
    throw new ElementProblem(
      `${file}: func names the service ${shown(service)}, which does not exist${didYouMean(service, known)}; there are ${there}`,
    );
  }
  const found = functions.get(name);
  if (found) return found;
  throw new ElementProblem(
    `${file}: func names ${name}, which ${service} does not have${didYouMean(name, known)}; it has ${there}`,
  );
}

/** Turns errors in the author's code into problems of the element. */
function guarded<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ElementProblem(`${what} failed: ${asError(error).message}`);
  }
}

function handlerOf(element: EventElement, baseType: BaseType, source: string, where: string | null): Handler {
  const { config, fullName, title } = element;
  const isAsync = config.asyncType === true;
  return Object.freeze({
    fullName,
    title,
    eventType: config.type as string,
    baseType,
    source,
    where,
    async: isAsync,
    enabled: Boolean(config.enable ?? handlerDefaults.enabled),
    order: (config.order as number | undefined) ?? handlerDefaults.order,
    failSender: (config.failSender as boolean | undefined) ?? handlerDefaults.failSender,
    timeoutMs: (config.timeoutMs as number | undefined) ?? handlerDefaults.timeoutMs,
    maxRetries: (config.maxRetries as number | undefined) ?? handlerDefaults.maxRetries,
    retryDelayMs: (config.retryDelayMs as number | undefined) ?? handlerDefaults.retryDelayMs,
    isValid: async (event: HandledEvent) => Boolean(await element.isValid(...element.argumentsOf(event))),
    run: (event: HandledEvent, run: Run) => runElement(element, event, run, isAsync),
  });
}

async function runElement(
  element: EventElement,
  event: HandledEvent,
  run: Run,
  isAsync: boolean,
): Promise<unknown> {
  const { eventId, requestId, nodeId, attempt } = run;
  const node = { fullName: element.fullName, eventId, requestId, nodeId, attempt };
  const handled = await element.handleNode(node, ...element.argumentsOf(event));
  const [, args, kwargs] = answered('handleNode', '[node, args, kwargs]', 3, handled);
  const joined = joinArguments({ args, kwargs });
  if (!isAsync) return element.call(...joined);
  // A background run has only the stored event. The two methods exist so that types can override them.
  const params = JSON.parse(JSON.stringify(await element.buildTaskParams(...joined)));
  const recovered = await element.recoverTaskParams(params);
  const [taskArgs, taskKwargs] = answered('recoverTaskParams', '[args, kwargs]', 2, recovered);
  return element.call(...joinArguments({ args: taskArgs, kwargs: taskKwargs }));
}

/** Validates the result of a method that a type has overridden. */
function answered<List extends readonly unknown[]>(
  method: string,
  right: string,
  length: number,
  list: List,
): List {
  if (Array.isArray(list) && list.length === length && Array.isArray(list[length - 2])) return list;
  throw new TypeError(`${method} must return ${right}, where args is a list, not ${shown(list)}`);
}
