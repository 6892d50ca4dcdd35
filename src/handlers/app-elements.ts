// The elements of one load of an app folder: those that work, those that do not and why, and what services declare.
import type { BrokenHandler, Handler, TopicDeclaration } from '../domain/handler.ts';
import type { KnownElements } from './app-api.ts';
import type { AnyFunction } from './app-modules.ts';
import type { ElementType } from './app-types.ts';
import type { ElementConfig } from './event-element.ts';

/** What getElement answers for services and models: these facts, and their functions. */
export interface ElementFacts {
  readonly fullName: string;
  readonly title: string | null;
  readonly config: ElementConfig;
}

export class AppElements implements KnownElements {
  readonly handlers: Handler[] = [];
  readonly broken: BrokenHandler[] = [];
  readonly declarations: TopicDeclaration[] = [];
  /** By full name, with the three that types are built on. */
  readonly types = new Map<string, ElementType>();
  readonly #elements = new Map<string, object>();
  readonly #titles = new Map<string, string | null>();
  readonly #functions = new Map<string, ReadonlyMap<string, AnyFunction>>();
  readonly #declared = new Map<string, readonly string[]>();

  addEvent(element: object, handler: Handler): void {
    this.#add(handler.fullName, handler.title, element);
    this.handlers.push(handler);
  }

  /** A service or a model, whose functions are called as its own. */
  addCallable(facts: ElementFacts, functions: ReadonlyMap<string, AnyFunction>): void {
    // Without a prototype, and never by assignment, so that functions may be called what they like.
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

  /** All that a service declares. */
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

  /** Of a service or a model that works. */
  functionsOf(fullName: string): ReadonlyMap<string, AnyFunction> | undefined {
    return this.#functions.get(fullName);
  }

  /** Those that have functions. */
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
