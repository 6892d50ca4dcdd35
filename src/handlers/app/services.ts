// Services and models of an app folder: loads their functions, the services' declarations, and the models' save
// functions.
import { asError } from '../../base/errors.ts';
import type { HandledEvent, Run, TopicDeclaration } from '../../domain/handlers/handler.ts';
import type { JsonValue } from '../../domain/values/json.ts';
import type { AppElements, Loading } from './elements.ts';
import { ElementProblem, type FoundElement, readConfig, refuse } from './files.ts';
import { type AnyFunction, type AppModules, functionsOf } from './modules.ts';
import { problemOf } from './element-schemas.ts';
import { didYouMean, shown } from '../wording.ts';
import type { ElementConfig } from './event-element.ts';
import { currentRun } from '../running/run-context.ts';
import type { RowSaver } from '../types/workflow-row.ts';

/** The second argument of a model's `save`. */
export interface SaveContext {
  /** Full name of the model. */
  readonly model: string;
  /** The current run and its event; null outside of a run. */
  readonly run: Run | null;
  readonly event: HandledEvent | null;
}

/** Loads a service. Its declarations count even if its code is broken. Throws an ElementProblem. */
export async function loadService(
  found: FoundElement,
  { folder, modules, elements }: Loading,
): Promise<void> {
  const file = `${found.path}/e.json`;
  const config = await readConfig(folder, found);
  refuse(file, problemOf('service', config));
  elements.declare(found.fullName, declarationsOf(file, found.fullName, config));
  const listed = namesIn(config.functionList);
  if (found.code === null && listed.length > 0) {
    throw new ElementProblem(
      `${found.path}/service.ts is missing; functionList of e.json names ${listed.join(', ')}`,
    );
  }
  const exported = await exportedFunctions(found, modules);
  const missing = listed.find((name) => !exported.has(name));
  if (missing !== undefined) {
    throw new ElementProblem(
      `${file}: functionList names ${missing}, but ${notExported(found.code ?? '', missing, exported)}`,
    );
  }
  const functions =
    listed.length === 0 ? exported : new Map([...exported].filter(([name]) => listed.includes(name)));
  elements.addCallable(factsOf(found, config), functions);
}

/** Loads a model, whose e.json is optional. Throws an ElementProblem. */
export async function loadModel(found: FoundElement, { folder, modules, elements }: Loading): Promise<void> {
  const config = found.hasConfig ? await readConfig(folder, found) : {};
  refuse(`${found.path}/e.json`, problemOf('model', config));
  if (found.code === null) {
    throw new ElementProblem(`${found.path}/model.ts is missing; it exports save(row), which stores a row`);
  }
  const functions = await exportedFunctions(found, modules);
  if (!functions.has('save')) {
    throw new ElementProblem(notExported(found.code, 'save', functions));
  }
  elements.addCallable(factsOf(found, config), functions);
}

/** The function that saves rows of a model; null if the model does not exist or is broken. */
export function saverOf(elements: AppElements, model: string): RowSaver | null {
  const save = elements.functionsOf(model)?.get('save');
  if (!save) return null;
  return (row: Record<string, JsonValue>) => {
    const running = currentRun();
    const context: SaveContext = { model, run: running?.run ?? null, event: running?.event ?? null };
    return save(row, context);
  };
}

/** The functions exported by an element's code; empty if it has no code. */
export async function exportedFunctions(
  { fullName, code }: FoundElement,
  modules: AppModules,
): Promise<ReadonlyMap<string, AnyFunction>> {
  if (code === null) return new Map();
  const module = await modules.load(code);
  const name = fullName.slice(fullName.lastIndexOf('.') + 1);
  try {
    return functionsOf(module, name);
  } catch (error) {
    throw new ElementProblem(`${code}: its class cannot be made: ${asError(error).message}`);
  }
}

/** `events/A/inner.ts does not export customFunc (did you mean …?); it exports …` */
export function notExported(file: string, name: string, functions: ReadonlyMap<string, unknown>): string {
  const names = [...functions.keys()];
  const known = names.length === 0 ? 'no functions' : names.join(', ');
  return `${file} does not export ${name}${didYouMean(name, names)}; it exports ${known}`;
}

export function titleIn(config: ElementConfig): string | null {
  return typeof config.title === 'string' ? config.title : null;
}

function factsOf(found: FoundElement, config: ElementConfig) {
  return { fullName: found.fullName, title: titleIn(config), config };
}

interface EventDescription {
  readonly name: string;
  readonly title?: string | null;
  readonly desc?: string | null;
  readonly summarySchema?: JsonValue;
  readonly payloadSchema?: JsonValue;
}

function declarationsOf(file: string, service: string, config: ElementConfig): TopicDeclaration[] {
  const described = (config.eventDescs ?? []) as readonly EventDescription[];
  const names = described.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new ElementProblem(
      `${file}: eventDescs names ${shown(twice)} twice; each event needs a unique name`,
    );
  }
  return described.map(({ name, title, desc, summarySchema, payloadSchema }) => ({
    name: `${service}.${name}`,
    title: title ?? null,
    description: desc ?? null,
    summarySchema: summarySchema ?? null,
    payloadSchema: payloadSchema ?? null,
  }));
}

function namesIn(list: unknown): readonly string[] {
  return ((list ?? []) as readonly { name: string }[]).map(({ name }) => name);
}
