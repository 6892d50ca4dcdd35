// Consumers in the model, and what of the log each has passed, as far as a caller can know it.
import type { Position } from '../../src/domain/events/event.ts';
import type { ModelEvent } from './model.ts';

export interface ConsumerPlan {
  /** The same for consumers that share a position. */
  readonly key: string;
  readonly topics: readonly string[];
  readonly target: string;
  readonly ignoredSenderType: string | null;
  /** What `payload/n` has to be; null where nothing is asked of it. */
  readonly n: number | null;
  readonly ignoreOlderThanDays: number;
}

/** Whether the consumer selects the event, FINISHED or not. Its own target has to be named. */
export function wants(definition: ConsumerPlan, { topic, senderType, n }: ModelEvent): boolean {
  const patterns =
    topic === definition.target ? definition.topics.filter((name) => name === topic) : definition.topics;
  return (
    patterns.some((pattern) => matches(pattern, topic)) &&
    (definition.ignoredSenderType === null || senderType !== definition.ignoredSenderType) &&
    (definition.n === null || n === definition.n)
  );
}

function matches(pattern: string, topic: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('.*')}$`).test(topic);
}

/**
 * Of a place in the log at which a source became FINISHED: whether the consumer is past it. A gateway reads ahead, so that of
 * one whose source did not count when it was read, but does so later, it cannot be said: MAYBE. What is in no list is
 * still to come.
 */
type Passed = 'MAYBE' | 'GONE';
type Places = Map<Position, Passed>;

/** From where in the log the job of a source would come. */
export interface Span {
  readonly first: Position;
  /** Null where it need not come at all. */
  readonly last: Position | null;
}

export class ModelCursors {
  /** By consumer; what another gateway finds when it begins. */
  readonly #saved = new Map<string, Places>();
  /** For each gateway, by consumer. */
  readonly #open: Map<string, Places>[];

  constructor(gateways: number) {
    this.#open = Array.from({ length: gateways }, () => new Map<string, Places>());
  }

  /** With one gateway, new sources come in the order of the log. */
  get inOrder(): boolean {
    return this.#open.length === 1;
  }

  /** Null if the consumer is past the source in this gateway. */
  spanOf(gateway: number, definition: ConsumerPlan, { finishes }: ModelEvent): Span | null {
    const places = this.#places(gateway, definition);
    const left = finishes.filter((position) => places.get(position) !== 'GONE');
    const first = left[0];
    if (first === undefined) return null;
    return { first, last: left.find((position) => !places.has(position)) ?? null };
  }

  /**
   * The gateway has looked at the log. `passed` are events that have or want no job of the consumer; it is past them up to
   * `upTo`, and behind that perhaps.
   */
  readOn(
    gateway: number,
    definition: ConsumerPlan,
    passed: Iterable<ModelEvent>,
    upTo: Position | 'END' | null,
  ): void {
    const places = this.#places(gateway, definition);
    for (const { finishes } of passed) {
      for (const position of finishes) {
        const isPast = upTo === 'END' || (this.inOrder && upTo !== null && position <= upTo);
        if (isPast || !places.has(position)) places.set(position, isPast ? 'GONE' : 'MAYBE');
      }
    }
  }

  /** The gateway stops, which writes its places down, and another begins. */
  restart(gateway: number): void {
    for (const [key, places] of this.#open[gateway]!) {
      const saved = this.#saved.get(key) ?? new Map<Position, Passed>();
      for (const [position, passed] of places) {
        if (saved.get(position) !== 'GONE') saved.set(position, passed);
      }
      this.#saved.set(key, saved);
    }
    this.#open[gateway] = new Map();
  }

  #places(gateway: number, { key }: ConsumerPlan): Places {
    const open = this.#open[gateway]!;
    const known = open.get(key);
    if (known) return known;
    const places: Places = new Map(this.#saved.get(key));
    // What another gateway is past, it may have written down.
    for (const other of this.#open) {
      for (const position of other.get(key)?.keys() ?? []) {
        if (!places.has(position)) places.set(position, 'MAYBE');
      }
    }
    open.set(key, places);
    return places;
  }
}
