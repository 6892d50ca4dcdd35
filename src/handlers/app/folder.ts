// The loader of an app folder: collects working elements and the problems of broken ones, so that one breaks no other.
import { resolve } from 'node:path';
import { asError } from '../../base/errors.ts';
import { groupBy } from '../../base/group-by.ts';
import { type App, appOf, type AppParts } from './app.ts';
import { AppElements, type Loading } from './elements.ts';
import { loadEvent } from './events.ts';
import { checkName, ElementProblem, findElements, type FoundElement } from './files.ts';
import { moduleFor } from './module.ts';
import { AppModules } from './modules.ts';
import { loadModel, loadService } from './services.ts';
import { loadTypes } from './types.ts';
import { eventServiceName } from './event-service.ts';

/**
 * Loads the elements of the folder. Each broken one is logged, and listed in `broken` with its file, field and a
 * correction. Rejects with a StartupError if the folder cannot be read.
 */
export async function loadApp(folder: string, parts: AppParts): Promise<App> {
  const path = resolve(folder);
  const { logger } = parts.port;
  const elements = new AppElements();
  const app = appOf(elements, parts);
  const modules = new AppModules(
    path,
    moduleFor(() => app.api),
    parts.loadTimeoutMs ?? 10_000,
    logger,
  );
  const loading: Loading = { folder: path, modules, elements };
  const onProblem = (found: FoundElement, thrown: unknown): void => {
    const known = thrown instanceof ElementProblem;
    const problem = known ? thrown.message : `${found.path} cannot be loaded: ${asError(thrown).message}`;
    elements.addBroken({ fullName: found.fullName, title: null, problem });
    logger.error({ element: found.fullName, ...(!known && { err: asError(thrown) }) }, problem);
  };
  const found = withUsableNames(await findElements(path), onProblem);
  const each = async (kind: FoundElement['kind'], load: (element: FoundElement) => Promise<void>) => {
    for (const element of found) {
      if (element.kind === kind) await load(element).catch((error) => onProblem(element, error));
    }
  };
  await each('services', (element) => loadService(element, loading));
  await each('models', (element) => loadModel(element, loading));
  const types = found.filter(({ kind }) => kind === 'types');
  await loadTypes(types, loading, onProblem);
  await each('events', (element) => loadEvent(element, loading));
  return app;
}

/** Those that have a valid and unique name. */
function withUsableNames(
  found: readonly FoundElement[],
  onProblem: (found: FoundElement, problem: ElementProblem) => void,
): readonly FoundElement[] {
  const byName = groupBy(found, ({ fullName }) => fullName);
  return [...byName.values()].flatMap((namesakes) => {
    const [first, second] = namesakes as [FoundElement, FoundElement?];
    try {
      checkName(first);
      if (first.fullName === eventServiceName) {
        throw new ElementProblem(
          `${first.path}: ${eventServiceName} comes with the gateway; choose another name`,
        );
      }
      if (second) {
        const paths = namesakes.map(({ path }) => path).join(' and ');
        throw new ElementProblem(`${paths} have the same full name, ${first.fullName}; rename one of them`);
      }
      return [first];
    } catch (error) {
      onProblem(first, error as ElementProblem);
      return [];
    }
  });
}
