// One subscription in this process's memory: how far the log was looked at for it, and what of that is yet to be written.
import { limits } from '../base/limits.ts';
import { readsJson } from '../domain/conditions/conditions.ts';
import { conditionsMatch } from '../domain/conditions/match-conditions.ts';
import type { Position } from '../domain/events/event.ts';
import { failureText } from '../domain/events/failure-text.ts';
import { type DurableSubscription, type Question, questionOf } from '../domain/subscriptions/subscription.ts';
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
  readonly question: Question;
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
  #told: { first: Position; last: Position } | null = null;
  /** When something that is out comes again, by this process's clock. */
  dueAt = Infinity;
  lastAskedAt = performance.now();

  constructor(subscription: DurableSubscription) {
    this.id = subscription.id;
    this.question = questionOf(subscription);
    this.base = subscription.position;
    this.settledTo = subscription.position;
  }

  /** Whether there may be something that was not looked for. */
  get wantsLook(): boolean {
    return !this.#isLive || this.#told !== null || this.dueAt <= performance.now();
  }

  get isWatched(): boolean {
    return this.#unwatch !== undefined;
  }

  /** `onTold` is called when it may have something new; `position` says where the log's reader is. */
  watch(live: Live, position: Position, onTold: () => void): void {
    const { source, topics, sieve } = this.question;
    this.#watchedFrom = position;
    this.#isLive = false;
    const watcher: Watcher<LiveChange> = {
      selector: {
        ids: null,
        requestIds: null,
        topics,
        projects: null,
        senders: source === null ? null : [source],
        conditions: sieve,
      },
      accepts: (item) => this.#concerns(item),
      push: ({ change: { position: at } }) => {
        if (at === null) return;
        this.#told = { first: this.#told?.first ?? at, last: at };
        onTold();
      },
    };
    this.#unwatch =
      sieve !== null && readsJson(sieve) ? live.watchWithJson(watcher) : live.changes.watch(watcher);
  }

  unwatch(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#isLive = false;
    this.#told = null;
  }

  /** Of its filter only what is false without failing counts: what it fails on has to be looked at. */
  #concerns({ change: { kind }, filterable }: LiveChange): boolean {
    const { source, topics, sieve } = this.question;
    return (
      kind === 'CREATED' &&
      (source === null || filterable.sender === source) &&
      (topics === null || topics.some((pattern) => topicMatches(pattern, filterable.topic))) &&
      (sieve === null || conditionsMatch(sieve, filterable))
    );
  }

  /** What the log's reader has passed without telling is not this one's. */
  advance(position: Position): void {
    if (!this.#isLive) return;
    const to = this.#told === null ? position : this.#told.first - 1n;
    if (to > this.settledTo) this.settledTo = to;
  }

  /** It stands there in the database now. */
  standsAt(position: Position): void {
    this.base = position;
    if (position > this.settledTo) this.settledTo = position;
    this.#faults = this.#faults.filter((fault) => fault.position > position);
  }

  /** For up to `count` events that come next. */
  search(count: number): Search {
    const { sieve } = this.question;
    const entries = sieve !== null && readsJson(sieve) ? jsonEntries : limits.subscriptionScanRows;
    const batch = Math.min(Math.max(first.entries, 2 * count) * this.#step, entries);
    const tests = Math.min(Math.max(first.tests, 2 * count) * this.#step, Math.max(mostTests, count));
    const most = this.question.filter === null ? count : tests;
    return { question: this.question, after: this.settledTo, batch, count: most };
  }

  /** Of what was found, all before `from` is settled: it was taken, or is not what this one is for. Null for all of it. */
  settle({ kept, faults, readTo }: Tested, from: Position | null, end: Position): void {
    const to = from === null ? readTo : from - 1n;
    this.#step = kept.length === 0 && readTo < end ? this.#step * 4 : 1;
    this.#faults.push(...faults.filter(({ position }) => position <= to && position > this.settledTo));
    if (to > this.settledTo) this.settledTo = to;
    if (from !== null || readTo < end) return void (this.#isLive = false);
    this.#isLive = this.isWatched && end >= this.#watchedFrom;
    if (this.#told && this.#told.last <= end) this.#told = null;
    else if (this.#told && this.#told.first <= end) this.#told = { first: end + 1n, last: this.#told.last };
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
