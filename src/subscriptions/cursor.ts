// One subscription in memory: how far this process has read the log for it, and what of that is not saved yet.
import { limits } from '../base/limits.ts';
import { isWithin } from '../domain/access/row-scope.ts';
import { readsJson } from '../domain/conditions/conditions.ts';
import { conditionsMatch } from '../domain/conditions/match-conditions.ts';
import type { Position } from '../domain/events/event.ts';
import { failureText } from '../domain/events/failure-text.ts';
import {
  type DurableSubscription,
  type SubscriptionDefinition,
  definitionOf,
} from '../domain/subscriptions/subscription.ts';
import { topicMatches } from '../domain/events/topic.ts';
import type { LiveChange } from '../live/change.ts';
import type { Watcher } from '../live/hub.ts';
import type { Live } from '../live/live.ts';
import type { Move } from '../store/subscriptions/deliver-events.ts';
import type { Search } from '../store/events/find-pending.ts';
import type { FilterFault, Tested } from './filter-candidates.ts';

/** Log entries read, and events filtered, by a first search. */
const first = { entries: 100, tests: 8 };
/** Most log entries of one search whose pre-filter reads payloads. */
const jsonEntries = 200;
/** Most events filtered by one search. */
const mostTests = 100;

export class SubscriptionCursor {
  readonly id: string;
  readonly definition: SubscriptionDefinition;
  /** The position in the database, as last read or written here. */
  base: Position;
  /** Every entry up to here was delivered or does not match. Only `base` is saved; never before it. */
  processedTo: Position;
  /** Events after `base`, up to `processedTo`, on which the filter failed. */
  #faults: FilterFault[] = [];
  #step = 1;
  #unwatch: (() => void) | undefined;
  /** The position of the log tail when the cursor began to watch. */
  #watchedFrom: Position = 0n;
  /** Whether the log tail reports every possible match after `processedTo`. */
  #isLive = false;
  /** The first and the last reported entry that was not searched yet. */
  #notified: { first: Position; last: Position } | null = null;
  /** When the next unacknowledged event is redelivered, by this process's clock. */
  dueAt = Infinity;
  lastUsedAt = performance.now();

  constructor(subscription: DurableSubscription) {
    this.id = subscription.id;
    this.definition = definitionOf(subscription);
    this.base = subscription.position;
    this.processedTo = subscription.position;
  }

  /** Whether there may be events that no search has found yet. */
  get needsSearch(): boolean {
    return !this.#isLive || this.#notified !== null || this.dueAt <= performance.now();
  }

  get isWatched(): boolean {
    return this.#unwatch !== undefined;
  }

  /** Calls `onNotified` for each possible match. `position`: that of the log tail. */
  watch(live: Live, position: Position, onNotified: () => void): void {
    const { source, topics, preFilter, rows } = this.definition;
    this.#watchedFrom = position;
    this.#isLive = false;
    const watcher: Watcher<LiveChange> = {
      selector: {
        ids: null,
        requestIds: rows?.requestIds ?? null,
        topics,
        projects: rows?.projects ?? null,
        senders: source === null ? null : [source],
        conditions: preFilter,
      },
      accepts: (item) => this.#matches(item),
      push: ({ change: { position: at } }) => {
        if (at === null) return;
        this.#notified = { first: this.#notified?.first ?? at, last: at };
        onNotified();
      },
    };
    this.#unwatch =
      preFilter !== null && readsJson(preFilter) ? live.watchWithJson(watcher) : live.changes.watch(watcher);
  }

  unwatch(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#isLive = false;
    this.#notified = null;
  }

  /** The pre-filter alone: an event on which the filter fails must be searched, to count the failure. */
  #matches({ change: { kind }, filterable }: LiveChange): boolean {
    const { source, topics, preFilter, rows } = this.definition;
    return (
      kind === 'CREATED' &&
      isWithin(rows, filterable) &&
      (source === null || filterable.sender === source) &&
      (topics === null || topics.some((pattern) => topicMatches(pattern, filterable.topic))) &&
      (preFilter === null || conditionsMatch(preFilter, filterable))
    );
  }

  /** Entries that the log tail has passed without a report do not match. */
  advance(position: Position): void {
    if (!this.#isLive) return;
    const to = this.#notified === null ? position : this.#notified.first - 1n;
    if (to > this.processedTo) this.processedTo = to;
  }

  /** Records the position in the database. */
  setPosition(position: Position): void {
    // The subscription was moved back.
    if (position < this.base) this.processedTo = position;
    this.base = position;
    if (position > this.processedTo) this.processedTo = position;
    this.#faults = this.#faults.filter((fault) => fault.position > position);
  }

  /** A search for the next `count` events. */
  search(count: number): Search {
    const { preFilter } = this.definition;
    const entries = preFilter !== null && readsJson(preFilter) ? jsonEntries : limits.subscriptionScanRows;
    const batch = Math.min(Math.max(first.entries, 2 * count) * this.#step, entries);
    const tests = Math.min(Math.max(first.tests, 2 * count) * this.#step, Math.max(mostTests, count));
    const most = this.definition.filter === null ? count : tests;
    return { definition: this.definition, after: this.processedTo, batch, count: most };
  }

  /** All found entries before `from` were delivered or do not match; if null, all of them. */
  markProcessed({ kept, faults, readTo }: Tested, from: Position | null, end: Position): void {
    const to = from === null ? readTo : from - 1n;
    this.#step = kept.length === 0 && readTo < end ? this.#step * 4 : 1;
    this.#faults.push(...faults.filter(({ position }) => position <= to && position > this.processedTo));
    if (to > this.processedTo) this.processedTo = to;
    if (from !== null || readTo < end) return void (this.#isLive = false);
    this.#isLive = this.isWatched && end >= this.#watchedFrom;
    if (this.#notified && this.#notified.last <= end) this.#notified = null;
    else if (this.#notified && this.#notified.first <= end)
      this.#notified = { first: end + 1n, last: this.#notified.last };
  }

  /** The write that saves `to` as the position. `tested` holds failures that are not recorded in memory yet. */
  moveTo(to: Position, tested: Tested | null): Move {
    const faults = [...this.#faults, ...(tested?.faults ?? [])].filter(({ position }) => position <= to);
    const last = faults.at(-1);
    return {
      id: this.id,
      from: this.base,
      to,
      errors: faults.length,
      lastError: last ? failureText(last.error, limits.descriptionLength) : null,
      delivered: [],
      again: [],
      dropped: [],
    };
  }
}
