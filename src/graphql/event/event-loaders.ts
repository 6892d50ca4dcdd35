// The dataloaders of events, which batch the reads of fields within one tick.
import DataLoader from 'dataloader';
import { groupBy } from '../../base/group-by.ts';
import type { EventField, EventRecord, PartialEvent, StatusChange } from '../../domain/events/event.ts';
import { type Backlog, type Consumer, noBacklog, type Worker } from '../../domain/jobs/consumer.ts';
import type { DurableSubscription } from '../../domain/subscriptions/subscription.ts';
import type { Page, PageArguments } from '../../domain/events/page.ts';
import type { Caller } from '../../operations/callers.ts';
import type { Count, Lease, Operations } from '../../operations/operations.ts';
import { AnswerBudget, type Holder } from '../answers/answer-budget.ts';
import type { HeldAnswers } from '../answers/held-answers.ts';
import { fieldOfDeletedEvent } from './deleted-event.ts';

type Fields = readonly EventField[];

interface RowKey {
  readonly id: string;
  readonly fields: Fields;
}

interface DependentsKey extends RowKey {
  readonly page: PageArguments;
}

/** Caches everything it reads until `reset`, so it must not outlive a query, a mutation field or a delivered change. */
export class EventLoaders {
  readonly #operations: Operations;
  readonly #caller: Caller;
  readonly #holder: Holder | null;
  #loaders: ReturnType<typeof makeLoaders>;
  #budget: AnswerBudget;

  /** What is read counts for all operations in `held`, if given, until the budget has its end. */
  constructor(operations: Operations, caller: Caller, held: HeldAnswers | null) {
    this.#operations = operations;
    this.#caller = caller;
    this.#holder = held && { answers: held, caller: caller.name };
    this.#budget = new AnswerBudget(this.#holder);
    this.#loaders = this.#newLoaders();
  }

  /** Clears the cache; pending reads still complete. */
  reset(): void {
    this.#budget = this.#budget.next();
    this.#loaders = this.#newLoaders();
  }

  #newLoaders(): ReturnType<typeof makeLoaders> {
    return makeLoaders(this.#operations, this.#caller, this.#budget);
  }

  /** What has been read and answered of this execution. */
  get budget(): AnswerBudget {
    return this.#budget;
  }

  /** The event with at least these fields, or null if it does not exist. */
  event(id: string, fields: Fields): Promise<PartialEvent | null> {
    return this.#loaders.rows.load({ id, fields });
  }

  /** One field of an event: as read with it, or else read from its row now. */
  field<F extends EventField>(event: PartialEvent, field: F): EventRecord[F] | Promise<EventRecord[F]> {
    const known = event[field] as EventRecord[F] | undefined;
    if (known === undefined) return this.#readField(event.id, field);
    this.#budget.answer(event, field);
    return known;
  }

  dependents(id: string, page: PageArguments, fields: Fields): Promise<Page<PartialEvent>> {
    return this.#loaders.dependents.load({ id, page, fields });
  }

  countDependents(id: string): Promise<Count> {
    return this.#loaders.counts.load(id);
  }

  history(id: string): Promise<readonly StatusChange[]> {
    return this.#loaders.histories.load(id);
  }

  lease(id: string): Promise<Lease | null> {
    return this.#loaders.leases.load(id);
  }

  lastRun(handler: string): Promise<Date | null> {
    return this.#loaders.lastRuns.load(handler);
  }

  sendTime(id: string): Promise<Date | null> {
    return this.#loaders.sendTimes.load(id);
  }

  lag(subscription: DurableSubscription): Promise<number> {
    return this.#loaders.lags.load(subscription);
  }

  backlog(consumer: Consumer): Promise<Backlog> {
    return this.#loaders.backlogs.load(consumer);
  }

  workers(consumer: Consumer): Promise<readonly Worker[]> {
    return this.#loaders.workers.load(consumer);
  }

  handlerBacklog(fullName: string): Promise<Backlog> {
    return this.#loaders.handlerBacklogs.load(fullName);
  }

  async #readField<F extends EventField>(id: string, field: F): Promise<EventRecord[F]> {
    const row = await this.event(id, [field]);
    if (row === null) return fieldOfDeletedEvent(id, field);
    const value = row[field] as EventRecord[F] | undefined;
    this.#budget.answer(row, field);
    if (value === undefined) throw new Error(`operations did not read ${field}, which was asked for`);
    return value;
  }
}

function makeLoaders(operations: Operations, caller: Caller, budget: AnswerBudget) {
  return {
    rows: new DataLoader((keys: readonly RowKey[]) => readRows(operations, keys, budget), {
      cacheKeyFn: rowKeyText,
    }),
    dependents: new DataLoader(
      (keys: readonly DependentsKey[]) => readDependents(operations, keys, caller, budget),
      {
        cacheKeyFn: (key) => `${rowKeyText(key)} ${pageText(key.page)}`,
      },
    ),
    counts: new DataLoader((ids: readonly string[]) => readCounts(operations, ids)),
    histories: new DataLoader((ids: readonly string[]) => readHistories(operations, ids)),
    lags: new DataLoader((subscriptions: readonly DurableSubscription[]) =>
      readLags(operations, subscriptions),
    ),
    leases: new DataLoader((ids: readonly string[]) => readLeases(operations, ids)),
    lastRuns: new DataLoader(async (names: readonly string[]) => {
      const times = await operations.lastRunsAt(names);
      return names.map((name) => times.get(name) ?? null);
    }),
    backlogs: new DataLoader(async (consumers: readonly Consumer[]) => {
      const backlogs = await operations.backlogsOf(consumers);
      return consumers.map(({ id }) => backlogs.get(id) ?? noBacklog);
    }),
    workers: new DataLoader(async (consumers: readonly Consumer[]) => {
      const workers = await operations.workersOf(consumers);
      return consumers.map(({ id }) => workers.get(id) ?? []);
    }),
    handlerBacklogs: new DataLoader(async (names: readonly string[]) => {
      const backlogs = await operations.handlerBacklogsOf(names);
      return names.map((name) => backlogs.get(name) ?? noBacklog);
    }),
    sendTimes: new DataLoader((ids: readonly string[]) => readSendTimes(operations, ids)),
  };
}

async function readRows(
  operations: Operations,
  keys: readonly RowKey[],
  budget: AnswerBudget,
): Promise<(PartialEvent | null)[]> {
  const fields = fieldsOf(keys);
  const read = () => operations.eventsByIds(idsOf(keys), fields);
  const rows = await budget.hold(fields, read, (found) => [...found.values()]);
  return keys.map(({ id }) => rows.get(id) ?? null);
}

/** One call per distinct set of page arguments; several only if the document uses aliases. */
async function readDependents(
  operations: Operations,
  keys: readonly DependentsKey[],
  caller: Caller,
  budget: AnswerBudget,
): Promise<Page<PartialEvent>[]> {
  const pages = new Map<string, Promise<Map<string, Page<PartialEvent>>>>();
  for (const [text, group] of groupBy(keys, ({ page }) => pageText(page))) {
    const fields = fieldsOf(group);
    const read = () => operations.dependentsOf(idsOf(group), group[0]?.page ?? {}, fields, caller);
    pages.set(text, budget.hold(fields, read, eventsOfPages));
  }
  await Promise.allSettled(pages.values());
  return Promise.all(
    keys.map(async ({ id, page }) => (await pages.get(pageText(page)))?.get(id) ?? emptyPage),
  );
}

function eventsOfPages(pages: ReadonlyMap<string, Page<PartialEvent>>): PartialEvent[] {
  return [...pages.values()].flatMap(({ rows }) => rows.map(({ row }) => row));
}

async function readCounts(operations: Operations, ids: readonly string[]): Promise<Count[]> {
  const counts = await operations.countDependents(ids);
  return ids.map((id) => counts.get(id) ?? { count: 0, exact: true });
}

async function readHistories(
  operations: Operations,
  ids: readonly string[],
): Promise<(readonly StatusChange[])[]> {
  const histories = await operations.historiesOf(ids);
  return ids.map((id) => histories.get(id) ?? []);
}

async function readSendTimes(operations: Operations, ids: readonly string[]): Promise<(Date | null)[]> {
  const times = await operations.sendTimesOf(ids);
  return ids.map((id) => times.get(id) ?? null);
}

async function readLeases(operations: Operations, ids: readonly string[]): Promise<(Lease | null)[]> {
  const leases = await operations.leasesOf(ids);
  return ids.map((id) => leases.get(id) ?? null);
}

async function readLags(
  operations: Operations,
  subscriptions: readonly DurableSubscription[],
): Promise<number[]> {
  const lags = await operations.lagsOf(subscriptions);
  return subscriptions.map(({ id }) => lags.get(id) ?? 0);
}

function idsOf(keys: readonly RowKey[]): string[] {
  return [...new Set(keys.map(({ id }) => id))];
}

function fieldsOf(keys: readonly RowKey[]): EventField[] {
  return [...new Set(keys.flatMap(({ fields }) => fields))].sort();
}

function rowKeyText({ id, fields }: RowKey): string {
  return `${id} ${fields.join()}`;
}

function pageText({ first, after, last, before }: PageArguments): string {
  return JSON.stringify([first ?? null, after ?? null, last ?? null, before ?? null]);
}

const emptyPage: Page<PartialEvent> = {
  rows: [],
  hasNextPage: false,
  hasPreviousPage: false,
  startCursor: null,
  endCursor: null,
  isCut: false,
};
