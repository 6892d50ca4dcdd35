// The elements of one load of an app folder: working ones, broken ones with their problems, and service declarations.
import type { BrokenHandler, Handler, TopicDeclaration } from '../../domain/handlers/handler.ts';
import type { KnownElements } from './create-app-api.ts';
import type { AnyFunction, AppModules } from './modules.ts';
import type { ElementConfig, ElementType } from './event-element.ts';

/** What getElement returns for services and models, besides their functions. */
export interface ElementFacts {
  readonly fullName: string;
  readonly title: string | null;
  readonly config: ElementConfig;
}

export class AppElements implements KnownElements {
  readonly handlers: Handler[] = [];
  readonly broken: BrokenHandler[] = [];
  readonly declarations: TopicDeclaration[] = [];
  /** Types by full name, including the three built-in ones. */
  readonly types = new Map<string, ElementType>();
  readonly #elements = new Map<string, object>();
  readonly #titles = new Map<string, string | null>();
  readonly #functions = new Map<string, ReadonlyMap<string, AnyFunction>>();
  readonly #declared = new Map<string, readonly string[]>();

  addEvent(element: object, handler: Handler): void {
    this.#add(handler.fullName, handler.title, element);
    this.handlers.push(handler);
  }

  /** Adds a service or a model, whose functions become its methods. */
  addCallable(facts: ElementFacts, functions: ReadonlyMap<string, AnyFunction>): void {
    // Without a prototype or assignments, so that any function name is safe.
    const element = Object.create(null);
    for (const [name, value] of [...Object.entries(facts), ...functions]) {
      Object.defineProperty(element, name, { value, enumerable: true, configurable: true });
    }
    this.#add(facts.fullName, facts.title, element);
    this.#functions.set(facts.fullName, functions);
  }

  #add(fullName: string, title: string | null, element: object): void {
    this.#elements.set(fullName, element);
    this.#titles.set(fullName, title);
  }

  addBroken(broken: BrokenHandler): void {
    this.broken.push(broken);
    this.#titles.set(broken.fullName, broken.title);
  }

  /** Records everything that a service declares. */
  declare(service: string, declarations: readonly TopicDeclaration[]): void {
    this.declarations.push(...declarations);
    this.#declared.set(
      service,
      declarations.map(({ name }) => name),
    );
  }

  find(fullName: string): object | undefined {
    return this.#elements.get(fullName);
  }

  /** The functions of a working service or model. */
  functionsOf(fullName: string): ReadonlyMap<string, AnyFunction> | undefined {
    return this.#functions.get(fullName);
  }

  /** Full names of the elements that have functions. */
  callables(): readonly string[] {
    return [...this.#functions.keys()];
  }

  problemOf(fullName: string): string | null {
    return this.broken.find((broken) => broken.fullName === fullName)?.problem ?? null;
  }

  names(): readonly string[] {
    return [...this.#elements.keys()];
  }

  readonly titleOf = (fullName: string): string | null => this.#titles.get(fullName) ?? null;

  declaredBy(service: string): readonly string[] | null {
    return this.#declared.get(service) ?? null;
  }
}

/** Where elements are loaded from, and the registry they are added to. */
export interface Loading {
  readonly folder: string;
  readonly modules: AppModules;
  readonly elements: AppElements;
}
