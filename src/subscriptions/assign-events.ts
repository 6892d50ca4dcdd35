// One pass over subscriptions: assigns their pending events to waiting calls, and builds the resulting write.
import type { WaitingCall, Call } from '../base/waiting-call.ts';
import type { PartialEvent, Position } from '../domain/events/event.ts';
import type { Move, Moved, Pending, Standing } from '../store/subscriptions/deliver-events.ts';
import type { SubscriptionCursor } from './cursor.ts';
import type { Tested } from './filter-candidates.ts';

/** An event delivered to a caller. */
export interface NextEvent {
  readonly subscriptionId: string;
  /** Position of the log entry that published the event. */
  readonly position: Position;
  readonly event: PartialEvent;
}

export interface NextCall extends Call {
  readonly ids: readonly string[];
}

export type WaitingNext = WaitingCall<NextCall, NextEvent>;

/** Tolerated difference between two clocks, in milliseconds. */
const clockMarginMs = 5;

/** The pending events of one subscription in one pass. */
export class Offer {
  readonly cursor: SubscriptionCursor;
  readonly standing: Standing;
  readonly #end: Position;
  #tested: Tested | null = null;
  #due: readonly Pending[];
  #next: readonly Pending[] = [];
  #lookedTo: Position;
  readonly #taken: { readonly call: WaitingNext; readonly pending: Pending; readonly isDue: boolean }[] = [];

  /** `end`: the end of the log, up to which this pass may search. */
  constructor(cursor: SubscriptionCursor, standing: Standing, end: Position) {
    this.cursor = cursor;
    this.standing = standing;
    this.#end = end;
    this.#due = standing.due.filter(({ removed }) => !removed);
    this.#lookedTo = cursor.settledTo;
  }

  /** How many events to search for, if so many calls are waiting. */
  missing(waitingCalls: number): number {
    return this.#lookedTo >= this.#end ? 0 : Math.max(0, waitingCalls - this.#due.length);
  }

  found(tested: Tested): void {
    this.#tested = tested;
    this.#next = tested.kept;
    this.#lookedTo = tested.readTo;
  }

  /** The oldest event not assigned yet. Redeliveries are older than new events. */
  get head(): Pending | null {
    return this.#due[0] ?? this.#next[0] ?? null;
  }

  /** Whether all events before this position, or at least the first one, are known. */
  isLookedAt(position: Position): boolean {
    return this.head !== null || this.#lookedTo >= position;
  }

  give(call: WaitingNext): void {
    const [pending] = this.#due.length > 0 ? this.#due : this.#next;
    if (!pending) return;
    const isDue = this.#due.length > 0;
    this.#taken.push({ call, pending, isDue });
    if (isDue) this.#due = this.#due.slice(1);
    else this.#next = this.#next.slice(1);
  }

  /** Null if there is nothing to write. */
  get move(): Move | null {
    const fresh = this.#taken.filter(({ isDue }) => !isDue).map(({ pending }) => pending);
    const again = this.#taken.filter(({ isDue }) => isDue).map(({ pending }) => pending.position);
    const dropped = this.standing.due.filter(({ removed }) => removed).map(({ position }) => position);
    const passing = this.cursor.moveTo(this.#settledTo, this.#tested);
    const to = passing.errors > 0 ? passing.to : (fresh.at(-1)?.position ?? this.cursor.base);
    if (to === this.cursor.base && again.length === 0 && dropped.length === 0) return null;
    return { ...this.cursor.moveTo(to, this.#tested), delivered: fresh, again, dropped };
  }

  get #settledTo(): Position {
    const [left] = this.#next;
    return left ? left.position - 1n : this.#lookedTo;
  }

  /** Delivers what was written. Returns false if another gateway was first, so that another pass is needed. */
  finish(move: Move | null, moved: Moved | null): boolean {
    const isLapsed = move !== null && move.to > move.from && !moved?.moved;
    const left = isLapsed ? this.#tested?.kept[0] : this.#next[0];
    // If there was nothing to read, the search is complete as well.
    const tested = this.#tested ?? (this.#lookedTo >= this.#end ? nothing(this.#lookedTo) : null);
    if (tested) this.cursor.settle(tested, left?.position ?? null, this.#end);
    if (move && !isLapsed) this.cursor.setPosition(move.to);
    this.#setAlarm();
    let isWhole = !isLapsed && this.standing.due.every(({ removed }) => !removed);
    for (const { call, pending, isDue } of this.#taken) {
      const isOurs = isDue ? moved?.again.has(pending.position) : !isLapsed;
      if (!isOurs) isWhole = false;
      else
        call.got.push({
          subscriptionId: this.cursor.id,
          position: pending.position,
          event: { id: pending.id },
        });
    }
    return isWhole;
  }

  #setAlarm(): void {
    const { dueInMs, subscription } = this.standing;
    const isOut = this.#taken.length > 0 && subscription.ack === 'MANUAL';
    const inMs = Math.min(dueInMs ?? Infinity, isOut ? subscription.visibilityMs : Infinity);
    this.cursor.dueAt = performance.now() + inMs + clockMarginMs;
  }
}

function nothing(readTo: Position): Tested {
  return { kept: [], faults: [], readTo };
}

/**
 * Assigns to each call the oldest event of all its subscriptions, in order of arrival. Returns the calls that could
 * not be served yet: one of their subscriptions was not searched up to their event, or up to the end.
 */
export function assign(
  calls: readonly WaitingNext[],
  offers: ReadonlyMap<string, Offer>,
  end: Position,
): Set<WaitingNext> {
  const unserved = new Set<WaitingNext>();
  for (const call of calls) {
    if (call.missing === 0) continue;
    const own = call.request.ids.flatMap((id) => offers.get(id) ?? []);
    const best = own.reduce<Offer | null>(
      (oldest, offer) => (isBefore(offer, oldest) ? offer : oldest),
      null,
    );
    const upTo = best?.head?.position ?? end;
    if (!own.every((offer) => offer.isLookedAt(upTo))) unserved.add(call);
    else best?.give(call);
  }
  return unserved;
}

function isBefore({ head }: Offer, other: Offer | null): boolean {
  if (head === null) return false;
  const others = other?.head ?? null;
  return others === null || head.position < others.position;
}
