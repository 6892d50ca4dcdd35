// One subscription in this process's memory: how far the log was looked at for it, and what of that is yet to be written.
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

/** Entries that a search begins with, and events that it tests then. */
const first = { entries: 100, tests: 8 };
/** Entries that a search reads at most where the payloads of their events have to be read for it. */
const jsonEntries = 200;
/** Events that a search tests at once at most. */
const mostTests = 100;

export class SubscriptionCursor {
  readonly id: string;
  readonly definition: SubscriptionDefinition;
  /** Where it stands in the database, as far as is known here. */
  base: Position;
  /** All up to here is settled; what lies between is not written down. Not before `base`. */
  settledTo: Position;
  /** Events past `base` on which the filter failed, up to `settledTo`. */
  #faults: FilterFault[] = [];
  #step = 1;
  #unwatch: (() => void) | undefined;
  /** Where the log's reader was when it began to tell of this one's events. */
  #watchedFrom: Position = 0n;
  /** All past `settledTo` that may be its own was told, or will be. */
  #isLive = false;
  /** The first and the last that was told and not looked at. */
  #notified: { first: Position; last: Position } | null = null;
  /** When something that is out comes again, by this process's clock. */
  dueAt = Infinity;
  lastAskedAt = performance.now();

  constructor(subscription: DurableSubscription) {
    this.id = subscription.id;
    this.definition = definitionOf(subscription);
    this.base = subscription.position;
    this.settledTo = subscription.position;
  }

  /** Whether there may be something that was not looked for. */
  get wantsLook(): boolean {
    return !this.#isLive || this.#notified !== null || this.dueAt <= performance.now();
  }

  get isWatched(): boolean {
    return this.#unwatch !== undefined;
  }

  /** `onTold` is called when it may have something new; `position` says where the log's reader is. */
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

  /** Of its filter only what is false without failing counts: what it fails on has to be looked at. */
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

  /** What the log's reader has passed without telling is not this one's. */
  advance(position: Position): void {
    if (!this.#isLive) return;
    const to = this.#notified === null ? position : this.#notified.first - 1n;
    if (to > this.settledTo) this.settledTo = to;
  }

  /** It stands there in the database now. */
  setPosition(position: Position): void {
    // It was moved back.
    if (position < this.base) this.settledTo = position;
    this.base = position;
    if (position > this.settledTo) this.settledTo = position;
    this.#faults = this.#faults.filter((fault) => fault.position > position);
  }

  /** For up to `count` events that come next. */
  search(count: number): Search {
    const { preFilter } = this.definition;
    const entries = preFilter !== null && readsJson(preFilter) ? jsonEntries : limits.subscriptionScanRows;
    const batch = Math.min(Math.max(first.entries, 2 * count) * this.#step, entries);
    const tests = Math.min(Math.max(first.tests, 2 * count) * this.#step, Math.max(mostTests, count));
    const most = this.definition.filter === null ? count : tests;
    return { definition: this.definition, after: this.settledTo, batch, count: most };
  }

  /** Of what was found, all before `from` is settled: it was taken, or is not what this one is for. Null for all of it. */
  settle({ kept, faults, readTo }: Tested, from: Position | null, end: Position): void {
    const to = from === null ? readTo : from - 1n;
    this.#step = kept.length === 0 && readTo < end ? this.#step * 4 : 1;
    this.#faults.push(...faults.filter(({ position }) => position <= to && position > this.settledTo));
    if (to > this.settledTo) this.settledTo = to;
    if (from !== null || readTo < end) return void (this.#isLive = false);
    this.#isLive = this.isWatched && end >= this.#watchedFrom;
    if (this.#notified && this.#notified.last <= end) this.#notified = null;
    else if (this.#notified && this.#notified.first <= end)
      this.#notified = { first: end + 1n, last: this.#notified.last };
  }

  /** All up to `to` is settled, and is to be written so; `tested` holds faults that are not settled in memory yet. */
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
