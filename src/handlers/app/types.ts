// Types of event elements: the three built-in ones, and those that an app folder derives from them.
import { type BaseType, baseTypes } from '../../domain/handlers/handler.ts';
import type { Loading } from './elements.ts';
import { ElementProblem, type FoundElement, readConfig, refuse } from './files.ts';
import { classOf } from './modules.ts';
import { problemOf, strayFieldsOf } from './element-schemas.ts';
import { didYouMean, shown } from '../wording.ts';
import type { ElementConfig, ElementType } from './event-element.ts';
import { ModelType } from '../types/model-type.ts';
import { NormalType } from '../types/normal-type.ts';
import { WorkflowType } from '../types/workflow-type.ts';

export const ownTypes: Readonly<Record<BaseType, ElementType>> = {
  'events.NormalType': { baseType: 'events.NormalType', Class: NormalType, config: {} },
  'events.ModelType': { baseType: 'events.ModelType', Class: ModelType, config: {} },
  'events.WorkflowType': { baseType: 'events.WorkflowType', Class: WorkflowType, config: {} },
};

/** Loads types, each after its base type. Returns the problems of broken ones. */
export async function loadTypes(
  found: readonly FoundElement[],
  loading: Loading,
  onProblem: (found: FoundElement, problem: unknown) => void,
): Promise<void> {
  const { elements, folder } = loading;
  for (const name of baseTypes) elements.types.set(name, ownTypes[name]);
  const known = new Map(found.map((element) => [element.fullName, element]));
  const ended = new Set<string>();
  const load = async (element: FoundElement, above: readonly string[]): Promise<void> => {
    const { fullName } = element;
    if (ended.has(fullName)) return;
    const circle = [...above.slice(Math.max(0, above.indexOf(fullName))), fullName];
    if (above.includes(fullName)) {
      throw new ElementProblem(
        `${element.path}/e.json: type is circular: ${circle.join(' → ')}; one of them must extend ${baseTypes.join(', ')}`,
      );
    }
    try {
      const config = await readConfig(folder, element);
      refuse(`${element.path}/e.json`, problemOf('type', config));
      const base = known.get(String(config.type));
      if (base) await load(base, [...above, fullName]);
      elements.types.set(fullName, await loadType(element, config, loading));
    } catch (error) {
      onProblem(element, error);
    }
    ended.add(fullName);
  };
  for (const element of found) await load(element, []);
}

async function loadType(
  { path, code, fullName }: FoundElement,
  config: ElementConfig,
  { modules, elements }: Loading,
): Promise<ElementType> {
  const name = (config.type as string | undefined) ?? 'events.NormalType';
  const base = typeNamed(`${path}/e.json`, name, elements);
  refuse(`${path}/e.json`, strayFieldsOf(base.baseType, config));
  if (code === null) {
    throw new ElementProblem(`${path}/type.ts is missing; it exports a class that extends that of ${name}`);
  }
  const Class = classOf(await modules.load(code), fullName.slice(fullName.lastIndexOf('.') + 1));
  if (!Class || !(Class.prototype instanceof base.Class)) {
    throw new ElementProblem(
      `${code} must export a class that extends ${base.Class.name}, as the type ${name} of its e.json says`,
    );
  }
  const { type: _type, title: _title, ...inherited } = config;
  return {
    baseType: base.baseType,
    Class: Class as ElementType['Class'],
    config: { ...base.config, ...inherited },
  };
}

/** The type with this name. Throws an ElementProblem if it does not exist or is broken. */
export function typeNamed(file: string, name: string, elements: Loading['elements']): ElementType {
  const type = elements.types.get(name);
  if (type) return type;
  if (elements.problemOf(name) !== null) {
    throw new ElementProblem(`${file}: the type ${name} is broken; see its own error`);
  }
  const names = [...elements.types.keys()];
  throw new ElementProblem(
    `${file}: type must be one of ${names.join(', ')}, not ${shown(name)}${didYouMean(name, names)}`,
  );
}
