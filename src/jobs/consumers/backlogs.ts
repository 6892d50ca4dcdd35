// The backlog of consumers: what waits for them, and the state of their jobs.
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { readLanes } from '../../database/expensive-reads.ts';
import { isRestricted } from '../../domain/access/row-scope.ts';
import type { ConsumerDefinition } from '../../domain/jobs/enroll.ts';
import { definitionOf } from '../../domain/jobs/enroll.ts';
import type { Backlog, Consumer } from '../../domain/jobs/consumer.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import {
  countJobs,
  type CountedConsumer,
  countQueued,
  type CountedSources,
  countSources,
  type JobCounts,
  type WaitingCount,
} from '../../store/jobs/backlog.ts';
import { findQueued } from '../../store/jobs/find-queued.ts';
import { findSources } from '../../store/jobs/find-sources.ts';
import { readTimes } from '../../store/events/read-log.ts';
import { testItems } from '../filter-sources.ts';

/** The most entries of the log, or queued events, that the filter of a consumer is tested on. */
const mostTested = 1_000;
/** The time for that, in milliseconds. */
const mostTestMs = 200;
const cap = limits.countCap;

interface Counted {
  readonly consumer: Consumer;
  readonly definition: ConsumerDefinition;
}

/**
 * By id. Consumers without filters are counted together, the others one by one. `caller`: whose share of large reads and
 * of the time for filters is used.
 */
export async function readBacklogs(
  database: Database,
  consumers: readonly Consumer[],
  caller: string,
): Promise<Map<string, Backlog>> {
  const counted = consumers.map((consumer) => ({ consumer, definition: definitionOf(consumer.definition) }));
  const [jobs, waiting] = await Promise.all([
    countJobs(database, consumers.map(countedOf), cap),
    countWaiting(database, counted, caller),
  ]);
  const jobsById = new Map(jobs.map((counts) => [counts.id, counts]));
  return new Map(
    consumers.map((consumer) => {
      const { id } = countedOf(consumer);
      return [consumer.id, backlogOf(jobsById.get(id), waiting.get(id))];
    }),
  );
}

/** Handlers have no sources of their own: their runs are jobs from the beginning. */
export async function readJobBacklogs(
  database: Database,
  consumers: readonly CountedConsumer[],
): Promise<Map<string, Backlog>> {
  const jobs = await countJobs(database, consumers, cap);
  return new Map(jobs.map((counts) => [counts.id, backlogOf(counts, undefined)]));
}

function countedOf({ id, targets }: Pick<Consumer, 'id' | 'targets'>): CountedConsumer {
  return { id: id.replaceAll('-', ''), targets };
}

function backlogOf(jobs: JobCounts | undefined, waiting: WaitingCount | undefined): Backlog {
  const counts = {
    waiting: (waiting?.waiting ?? 0) + (jobs?.unclaimed ?? 0),
    ready: jobs?.ready ?? 0,
    retrying: jobs?.retrying ?? 0,
    held: jobs?.held ?? 0,
    exhausted: jobs?.exhausted ?? 0,
  };
  const all = Object.values(counts);
  const openJobs = counts.ready + counts.retrying + counts.held + (jobs?.unclaimed ?? 0);
  return {
    waiting: Math.min(counts.waiting, cap),
    ready: Math.min(counts.ready, cap),
    retrying: Math.min(counts.retrying, cap),
    held: Math.min(counts.held, cap),
    exhausted: Math.min(counts.exhausted, cap),
    oldestWaitingAt: waiting?.oldestAt ?? jobs?.oldestUnclaimedAt ?? null,
    isExact: (waiting?.isWhole ?? true) && openJobs <= cap && all.every((count) => count <= cap),
  };
}

async function countWaiting(
  database: Database,
  counted: readonly Counted[],
  caller: string,
): Promise<Map<string, WaitingCount>> {
  const filtered = counted.filter(({ definition }) => isFiltered(definition));
  const plain = counted.filter(({ definition }) => !isFiltered(definition));
  const sources = plain.filter(({ definition }) => !definition.isQueue).map(sourcesOf);
  const queues = plain
    .filter(({ definition }) => definition.isQueue)
    .map(({ consumer, definition: { target } }) => ({ id: countedOf(consumer).id, target }));
  // Each reads up to the count cap of many consumers.
  const read = <Result>(reading: () => Promise<Result>) => readLanes(database).run(caller, reading);
  const found = await Promise.all([
    sources.length === 0 ? [] : read(() => countSources(database, sources, cap)),
    queues.length === 0 ? [] : read(() => countQueued(database, queues, cap)),
    ...filtered.map((each) => read(async () => [await countFiltered(database, each, caller)])),
  ]);
  return new Map(found.flat().map((count) => [count.id, count]));
}

function sourcesOf({ consumer, definition: { topics, rows } }: Counted): CountedSources {
  const isExact = topics.every(isExactTopic);
  return {
    ...countedOf(consumer),
    position: consumer.position,
    topics: isExact ? topics : null,
    patterns: isExact ? null : topics.map(likePattern),
    hidesAudit: rows?.hidesAudit ?? false,
  };
}

/** Rows that only hide the audit are not a filter: its events have topics of their own. */
function isFiltered({ conditions, where, ignoredSenderTypes, ignoreOlderThanMs, rows }: ConsumerDefinition) {
  return (
    conditions !== null ||
    where !== null ||
    isRestricted(rows) ||
    ignoredSenderTypes.length > 0 ||
    ignoreOlderThanMs !== null
  );
}

async function countFiltered(
  database: Database,
  { consumer, definition }: Counted,
  caller: string,
): Promise<WaitingCount> {
  const { id, targets } = countedOf(consumer);
  const found = definition.isQueue
    ? await findQueued(database, definition, null, mostTested).then(({ events, next }) => ({
        ...{ items: events, more: next !== null },
      }))
    : await findSources(database, definition, consumer.position, mostTested, targets).then(
        ({ sources, more }) => ({ items: sources, more }),
      );
  const time = { caller, withinMs: mostTestMs };
  const { kept, isWhole } = await testItems(database, definition, found.items, (item) => item.id, time);
  const first = kept[0];
  const oldest =
    first === undefined ? null : ((await readTimes(database, [first.position])).get(first.position) ?? null);
  return { id, waiting: kept.length, oldestAt: oldest, isWhole: isWhole && !found.more };
}
