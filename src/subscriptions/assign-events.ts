// One pass over subscriptions: assigns their pending events to waiting calls, and builds the resulting write.
import type { WaitingCall, Call } from '../base/waiting-call.ts';
import type { PartialEvent, Position } from '../domain/events/event.ts';
import type { Move, Moved, Pending, SubscriptionState } from '../store/subscriptions/deliver-events.ts';
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
export class SubscriptionPass {
  readonly cursor: SubscriptionCursor;
  readonly state: SubscriptionState;
  readonly #end: Position;
  #tested: Tested | null = null;
  #due: readonly Pending[];
  #next: readonly Pending[] = [];
  #searchedTo: Position;
  readonly #assigned: { readonly call: WaitingNext; readonly pending: Pending; readonly isDue: boolean }[] =
    [];

  /** `end`: the end of the log, up to which this pass may search. */
  constructor(cursor: SubscriptionCursor, state: SubscriptionState, end: Position) {
    this.cursor = cursor;
    this.state = state;
    this.#end = end;
    this.#due = state.due.filter(({ removed }) => !removed);
    this.#searchedTo = cursor.processedTo;
  }

  /** How many events to search for, if so many calls are waiting. */
  missing(waitingCalls: number): number {
    return this.#searchedTo >= this.#end ? 0 : Math.max(0, waitingCalls - this.#due.length);
  }

  addFound(tested: Tested): void {
    this.#tested = tested;
    this.#next = tested.kept;
    this.#searchedTo = tested.readTo;
  }

  /** The oldest event not assigned yet. Redeliveries are older than new events. */
  get head(): Pending | null {
    return this.#due[0] ?? this.#next[0] ?? null;
  }

  /** Whether the first pending event, or the absence of one up to this position, is known. */
  isSearchedTo(position: Position): boolean {
    return this.head !== null || this.#searchedTo >= position;
  }

  assignTo(call: WaitingNext): void {
    const [pending] = this.#due.length > 0 ? this.#due : this.#next;
    if (!pending) return;
    const isDue = this.#due.length > 0;
    this.#assigned.push({ call, pending, isDue });
    if (isDue) this.#due = this.#due.slice(1);
    else this.#next = this.#next.slice(1);
  }

  /** Null if there is nothing to write. */
  get move(): Move | null {
    const fresh = this.#assigned.filter(({ isDue }) => !isDue).map(({ pending }) => pending);
    const again = this.#assigned.filter(({ isDue }) => isDue).map(({ pending }) => pending.position);
    const dropped = this.state.due.filter(({ removed }) => removed).map(({ position }) => position);
    const passing = this.cursor.moveTo(this.#processedTo, this.#tested);
    const to = passing.errors > 0 ? passing.to : (fresh.at(-1)?.position ?? this.cursor.base);
    if (to === this.cursor.base && again.length === 0 && dropped.length === 0) return null;
    return { ...this.cursor.moveTo(to, this.#tested), delivered: fresh, again, dropped };
  }

  get #processedTo(): Position {
    const [left] = this.#next;
    return left ? left.position - 1n : this.#searchedTo;
  }

  /** Delivers what was written. Returns false if another gateway was first, so that another pass is needed. */
  finish(move: Move | null, moved: Moved | null): boolean {
    const isLapsed = move !== null && move.to > move.from && !moved?.moved;
    const left = isLapsed ? this.#tested?.kept[0] : this.#next[0];
    // If there was nothing to read, the search is complete as well.
    const tested = this.#tested ?? (this.#searchedTo >= this.#end ? nothing(this.#searchedTo) : null);
    if (tested) this.cursor.markProcessed(tested, left?.position ?? null, this.#end);
    if (move && !isLapsed) this.cursor.setPosition(move.to);
    this.#setAlarm();
    let isComplete = !isLapsed && this.state.due.every(({ removed }) => !removed);
    for (const { call, pending, isDue } of this.#assigned) {
      const isOurs = isDue ? moved?.again.has(pending.position) : !isLapsed;
      if (!isOurs) isComplete = false;
      else
        call.got.push({
          subscriptionId: this.cursor.id,
          position: pending.position,
          event: { id: pending.id },
        });
    }
    return isComplete;
  }

  #setAlarm(): void {
    const { dueInMs, subscription } = this.state;
    const isUnacknowledged = this.#assigned.length > 0 && subscription.ack === 'MANUAL';
    const inMs = Math.min(dueInMs ?? Infinity, isUnacknowledged ? subscription.visibilityMs : Infinity);
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
  passes: ReadonlyMap<string, SubscriptionPass>,
  end: Position,
): Set<WaitingNext> {
  const unserved = new Set<WaitingNext>();
  for (const call of calls) {
    if (call.missing === 0) continue;
    const own = call.request.ids.flatMap((id) => passes.get(id) ?? []);
    const best = own.reduce<SubscriptionPass | null>(
      (oldest, pass) => (isBefore(pass, oldest) ? pass : oldest),
      null,
    );
    const upTo = best?.head?.position ?? end;
    if (!own.every((pass) => pass.isSearchedTo(upTo))) unserved.add(call);
    else best?.assignTo(call);
  }
  return unserved;
}

function isBefore({ head }: SubscriptionPass, other: SubscriptionPass | null): boolean {
  if (head === null) return false;
  const others = other?.head ?? null;
  return others === null || head.position < others.position;
}
