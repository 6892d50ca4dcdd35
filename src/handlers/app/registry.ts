// The registry of one gateway's handlers: finds those for a topic, tests an event against each, and tracks which are enabled.
import { asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { type CelFilter, checkCel } from '../../domain/cel/filter.ts';
import { testInTurn } from '../../domain/cel/filter-rows.ts';
import { type BaseType, baseTypes, type HandledEvent, type Handler } from '../../domain/handlers/handler.ts';

/** Timeout of `isValid`, in milliseconds. It runs before the event is written. */
const validityMs = 5_000;

/** A handler with its enabled state and its filter errors. */
export class Registered {
  readonly handler: Handler;
  readonly #filter: CelFilter | null;
  /** An operator's override of `enabled`; null if there is none. */
  choice: boolean | null = null;
  filterErrors = 0;
  lastFilterError: string | null = null;

  constructor(handler: Handler) {
    this.handler = handler;
    this.#filter = checkCel(handler.where);
  }

  get enabled(): boolean {
    return this.choice ?? this.handler.enabled;
  }

  /** Whether the handler runs for the event, apart from its topic. A failing filter or `isValid` is counted, and means no. */
  async wants(event: HandledEvent, kind: BaseType, logger: Logger): Promise<boolean> {
    if (!this.enabled || kind !== this.handler.baseType) return false;
    try {
      if (this.#filter !== null) {
        const { matches, error } = await testInTurn(this.#filter, event, 'handlers');
        if (error !== null) this.#failed(error, event, logger);
        if (!matches) return false;
      }
      return (await inTime(this.handler.isValid(event))) === true;
    } catch (error) {
      this.#failed(`isValid failed: ${asError(error).message}`, event, logger);
      return false;
    }
  }

  #failed(why: string, { id }: HandledEvent, logger: Logger): void {
    this.filterErrors += 1;
    this.lastFilterError = why;
    const { fullName } = this.handler;
    logger.warn(
      { handler: fullName, eventId: id, why },
      'the filter or isValid of a handler failed; the handler does not run for the event',
    );
  }
}

export class Registry {
  /** Incremented whenever a handler is added, removed, enabled or disabled; earlier decisions are then repeated. */
  generation = 0;
  #byName = new Map<string, Registered>();
  #bySource = new Map<string, Registered[]>();
  #baseTypes = new Map<string, BaseType>(baseTypes.map((type) => [type, type]));

  /** Replaces all handlers, ordered by `order`. Overrides and counts are kept by full name. */
  replace(handlers: readonly Handler[]): void {
    this.generation += 1;
    const before = this.#byName;
    this.#byName = new Map();
    this.#bySource = new Map();
    this.#baseTypes = new Map(baseTypes.map((type) => [type, type]));
    for (const handler of handlers.toSorted((a, b) => a.order - b.order)) {
      const registered = new Registered(handler);
      const { choice = null, filterErrors = 0, lastFilterError = null } = before.get(handler.fullName) ?? {};
      Object.assign(registered, { choice, filterErrors, lastFilterError });
      this.#byName.set(handler.fullName, registered);
      this.#bySource.set(handler.source, [...(this.#bySource.get(handler.source) ?? []), registered]);
      this.#baseTypes.set(handler.eventType, handler.baseType);
    }
  }

  /** Enables or disables the handler; null removes the override. */
  choose(registered: Registered, enabled: boolean | null): void {
    registered.choice = enabled;
    this.generation += 1;
  }

  get(fullName: string): Registered | undefined {
    return this.#byName.get(fullName);
  }

  all(): readonly Registered[] {
    return [...this.#byName.values()];
  }

  /** In the order in which synchronous handlers run. */
  forTopic(topic: string): readonly Registered[] {
    return this.#bySource.get(topic) ?? [];
  }

  get sources(): readonly string[] {
    return [...this.#bySource.keys()];
  }

  /** An event type that no handler has counts as normal. */
  baseTypeOf(eventType: string): BaseType {
    return this.#baseTypes.get(eventType) ?? 'events.NormalType';
  }
}

function inTime<T>(answer: T | Promise<T>): T | Promise<T> {
  if (!(answer instanceof Promise)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const say = () => reject(new Error(`it did not return within ${validityMs} ms`));
    timer = setTimeout(say, validityMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
