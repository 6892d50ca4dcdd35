// What every event element is and can do: the base of the three types, and so of those that an app folder builds on them.
import type { HandledEvent } from '../domain/handler.ts';
import { type Arguments, argumentsOf, joinArguments, splitArguments } from './arguments.ts';
import type { RowSaver } from './workflow-row.ts';

type Awaitable<T> = T | Promise<T>;

/** An element's e.json, as it is. */
export type ElementConfig = Readonly<Record<string, unknown>>;

/** What an element is made of when its folder is loaded. */
export interface ElementInit {
  readonly fullName: string;
  readonly title: string | null;
  readonly config: ElementConfig;
  /** The function that it is there to call. */
  readonly func: (...args: unknown[]) => unknown;
  /** How rows of a model are saved; null where the model can not. */
  readonly saverOf: (model: string) => RowSaver | null;
}

/** The run that an element is about to be called for, in JitAI's word. */
export interface EventNode {
  readonly fullName: string;
  readonly requestId: string;
  readonly nodeId: string;
  readonly eventId: string;
  readonly attempt: number;
}

/**
 * An event element. Types are classes that extend one of NormalType, ModelType and WorkflowType and override what they
 * want to be different; the gateway makes one instance for each element, and calls `isValid`, then `handleNode`, for an
 * asynchronous one `buildTaskParams` and `recoverTaskParams`, and `call`.
 */
export abstract class EventElement {
  readonly fullName: string;
  readonly title: string | null;
  readonly config: ElementConfig;
  /** The moment that it is for; null where its type has none. */
  readonly operate: string | null;
  /** When it was called last; null before. */
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

  /** The topic of the events that it is for; asked once, when its folder is loaded. */
  abstract getSender(): string;

  /** Whether it is to be called with these arguments. */
  isValid(..._args: unknown[]): Awaitable<boolean> {
    return true;
  }

  /** May change the arguments before the call: answers the node, the arguments, and those by keyword. */
  handleNode(
    node: EventNode,
    ...args: unknown[]
  ): Awaitable<[node: EventNode, args: readonly unknown[], kwargs: Arguments['kwargs']]> {
    const split = splitArguments(args);
    return [node, split.args, split.kwargs];
  }

  /** The arguments as JSON, for a run in the background. */
  buildTaskParams(...args: unknown[]): Awaitable<Record<string, unknown>> {
    return { ...splitArguments(args) };
  }

  /** The arguments, and those by keyword, out of what buildTaskParams answered. */
  recoverTaskParams(
    params: Record<string, unknown>,
  ): Awaitable<[args: readonly unknown[], kwargs: Arguments['kwargs']]> {
    return [params.args as unknown[], params.kwargs as Arguments['kwargs']];
  }

  /** Calls the element's function, without a record; answers what it answers. With `objMode` it gets one object. */
  call(...args: unknown[]): unknown {
    this.callTime = new Date();
    return this.config.objMode === true
      ? this.#func(this.toObject(splitArguments(args)))
      : this.#func(...args);
  }

  /** The arguments that an event comes to, those by keyword last. */
  argumentsOf(event: HandledEvent): readonly unknown[] {
    return joinArguments(argumentsOf(event));
  }

  /** The one argument of `objMode`. */
  protected toObject({ args, kwargs }: Arguments): Record<string, unknown> {
    return { args, kwargs };
  }
}
