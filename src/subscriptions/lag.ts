// Counts of pending events of subscriptions: delivered but not acknowledged, and not yet delivered.
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import type { Position } from '../domain/events/event.ts';
import {
  type DurableSubscription,
  type SubscriptionDefinition,
  definitionOf,
} from '../domain/subscriptions/subscription.ts';
import { countPending, findPending, type Search } from '../store/events/find-pending.ts';
import { lastPosition } from '../store/events/read-log.ts';
import { countDeliveries } from '../store/subscriptions/subscriptions.ts';
import { filterCandidates } from './filter-candidates.ts';

/** Most reads, each of up to `limits.subscriptionScanRows` entries, and most time, in milliseconds. */
const most = { steps: 10, ms: 1_000 };
/** Most events filtered in one read. */
const tests = 500;
/** Subscriptions counted together. */
const together = 20;

/** A count in progress. */
class Count {
  readonly definition: SubscriptionDefinition;
  readTo: Position;
  count: number;

  constructor(subscription: DurableSubscription, count: number) {
    this.definition = definitionOf(subscription);
    this.readTo = subscription.position;
    this.count = count;
  }

  search(count: number): Search {
    const { definition, readTo: after } = this;
    return { definition, after, batch: limits.subscriptionScanRows, count };
  }

  add(count: number, readTo: Position): void {
    this.count += count;
    this.readTo = readTo;
  }
}

/**
 * Counts by subscription id. A count stops at `limits.countCap`, or at the scan limit: it is then a
 * lower bound.
 */
export async function countLags(
  database: Database,
  subscriptions: readonly DurableSubscription[],
): Promise<Map<string, number>> {
  const end = await lastPosition(database);
  const ids = subscriptions.map(({ id }) => id);
  const out = await countDeliveries(database, ids, limits.countCap);
  const outById = new Map(out.map(({ id, count }) => [id, count]));
  const counts = subscriptions.map(
    (subscription) => new Count(subscription, outById.get(subscription.id) ?? 0),
  );
  for (let from = 0; from < counts.length; from += together)
    await countOn(database, counts.slice(from, from + together), end);
  return new Map(ids.map((id, n) => [id, Math.min(counts[n]!.count, limits.countCap)]));
}

async function countOn(database: Database, counts: readonly Count[], end: Position): Promise<void> {
  const start = performance.now();
  for (let step = 0; step < most.steps && performance.now() - start < most.ms; step++) {
    const open = counts.filter(({ readTo, count }) => readTo < end && count < limits.countCap);
    if (open.length === 0) return;
    await countPlain(
      database,
      open.filter(({ definition }) => definition.filter === null),
      end,
    );
    await countTested(
      database,
      open.filter(({ definition }) => definition.filter !== null),
      end,
    );
  }
}

async function countPlain(database: Database, counts: readonly Count[], end: Position): Promise<void> {
  const searches = counts.map((count) => count.search(limits.subscriptionScanRows));
  const found = await countPending(database, searches, end);
  for (const [n, { count, readTo }] of found.entries()) counts[n]!.add(count, readTo);
}

async function countTested(database: Database, counts: readonly Count[], end: Position): Promise<void> {
  const searches = counts.map((count) => count.search(tests));
  const found = await findPending(database, searches, end);
  const requests = counts.map(({ definition }, n) => ({ definition, found: found[n]! }));
  const tested = await filterCandidates(database, requests);
  for (const [n, { kept, readTo }] of tested.entries()) counts[n]!.add(kept.length, readTo);
}
