// The handlers of one gateway: which are for the events of a topic, which of those for an event, and which are on.
import { asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { type CelFilter, checkCel } from '../../domain/cel/filter.ts';
import { testInTurn } from '../../domain/cel/filter-rows.ts';
import { type BaseType, baseTypes, type HandledEvent, type Handler } from '../../domain/handlers/handler.ts';

/** How long `isValid` may take, in milliseconds: it decides before the event is written. */
const validityMs = 5_000;

/** A handler in its place. */
export class Registered {
  readonly handler: Handler;
  readonly #filter: CelFilter | null;
  /** An admin's choice; null where it is as it is declared. */
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

  /** Whether it is to run for the event, whatever its topic; a question that fails is answered no, and counted. */
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
      'whether a handler is for an event could not be told',
    );
  }
}

export class Registry {
  /** Another whenever a handler came, went, or was switched on or off: what was decided before has to be decided anew. */
  generation = 0;
  #byName = new Map<string, Registered>();
  #bySource = new Map<string, Registered[]>();
  #baseTypes = new Map<string, BaseType>(baseTypes.map((type) => [type, type]));

  /** In the order in which they are declared. In place of those before; what was chosen and counted stays with those that stay. */
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

  /** An admin has switched it on or off. */
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

  /** In the order in which synchronous ones run. */
  forTopic(topic: string): readonly Registered[] {
    return this.#bySource.get(topic) ?? [];
  }

  get sources(): readonly string[] {
    return [...this.#bySource.keys()];
  }

  /** What names no type of handlers is normal. */
  baseTypeOf(eventType: string): BaseType {
    return this.#baseTypes.get(eventType) ?? 'events.NormalType';
  }
}

function inTime<T>(answer: T | Promise<T>): T | Promise<T> {
  if (!(answer instanceof Promise)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const say = () => reject(new Error(`it did not answer within ${validityMs} ms`));
    timer = setTimeout(say, validityMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
