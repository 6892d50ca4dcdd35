// The base class of all event elements: of the three built-in types, and so of the types in an app folder.
import type { BaseType, HandledEvent } from '../../domain/handlers/handler.ts';
import { type Arguments, argumentsOf, joinArguments, splitArguments } from '../running/arguments.ts';
import type { RowSaver } from '../types/workflow-row.ts';

type Awaitable<T> = T | Promise<T>;

/** The content of an element's e.json. */
export type ElementConfig = Readonly<Record<string, unknown>>;

/** What an element is constructed with when its folder is loaded. */
export interface ElementInit {
  readonly fullName: string;
  readonly title: string | null;
  readonly config: ElementConfig;
  /** The function that the element calls. */
  readonly func: (...args: unknown[]) => unknown;
  /** Returns the function that saves rows of a model; null if the model has none. */
  readonly saverOf: (model: string) => RowSaver | null;
}

/** The run for which an element is about to be called. JitAI calls it a node. */
export interface EventNode {
  readonly fullName: string;
  readonly requestId: string;
  readonly nodeId: string;
  readonly eventId: string;
  readonly attempt: number;
}

/**
 * An event element. Types are classes that extend NormalType, ModelType or WorkflowType and override some of their
 * methods. The gateway creates one instance per element, and calls `isValid`, `handleNode`, for an asynchronous element
 * `buildTaskParams` and `recoverTaskParams`, and finally `call`.
 */
export abstract class EventElement {
  readonly fullName: string;
  readonly title: string | null;
  readonly config: ElementConfig;
  /** The moment that the element handles; null if its type has none. */
  readonly operate: string | null;
  /** Time of the last call; null before the first. */
  callTime: Date | null = null;
  protected readonly saverOf: ElementInit['saverOf'];
  readonly #func: ElementInit['func'];

  constructor(init: ElementInit) {
    this.fullName = init.fullName;
    this.title = init.title;
    this.config = init.config;
    this.operate = typeof init.config.operate === 'string' ? init.config.operate : null;
    this.saverOf = init.saverOf;
    this.#func = init.func;
  }

  /** The topic that the element handles. Called once, when its folder is loaded. */
  abstract getSender(): string;

  /** Whether the element handles an event with these arguments. */
  isValid(..._args: unknown[]): Awaitable<boolean> {
    return true;
  }

  /** May change the arguments before the call. Returns the node, the arguments and the keyword arguments. */
  handleNode(
    node: EventNode,
    ...args: unknown[]
  ): Awaitable<[node: EventNode, args: readonly unknown[], kwargs: Arguments['kwargs']]> {
    const split = splitArguments(args);
    return [node, split.args, split.kwargs];
  }

  /** Converts the arguments to JSON, for a background run. */
  buildTaskParams(...args: unknown[]): Awaitable<Record<string, unknown>> {
    return { ...splitArguments(args) };
  }

  /** Restores arguments and keyword arguments from the result of `buildTaskParams`. */
  recoverTaskParams(
    params: Record<string, unknown>,
  ): Awaitable<[args: readonly unknown[], kwargs: Arguments['kwargs']]> {
    return [params.args as unknown[], params.kwargs as Arguments['kwargs']];
  }

  /** Calls the element's function without recording a run, and returns its result. `objMode`: with one object. */
  call(...args: unknown[]): unknown {
    this.callTime = new Date();
    return this.config.objMode === true
      ? this.#func(this.toObject(splitArguments(args)))
      : this.#func(...args);
  }

  /** The arguments made from an event; keyword arguments come last. */
  argumentsOf(event: HandledEvent): readonly unknown[] {
    return joinArguments(argumentsOf(event));
  }

  /** The single argument of `objMode`. */
  protected toObject({ args, kwargs }: Arguments): Record<string, unknown> {
    return { args, kwargs };
  }
}

/** A type of event elements. */
export interface ElementType {
  readonly baseType: BaseType;
  readonly Class: new (init: ElementInit) => EventElement;
  /** Defaults for the e.json of the type's elements: everything in the type's e.json except `type` and `title`. */
  readonly config: ElementConfig;
}
