// Live streams out of the hub, each with its catch-up from the database.
import { BoundedQueue } from '../base/bounded-queue.ts';
import { Pace } from '../base/pace.ts';
import { type Steps, fairSlices } from '../base/fair-slices.ts';
import { badInput, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { readLanes } from '../database/expensive-reads.ts';
import type { ChangeKind, PartialEvent, Position } from '../domain/events/event.ts';
import { readsJson } from '../domain/conditions/conditions.ts';
import { checkFeedFilter, checkFilter, filterWithin } from '../domain/conditions/event-filter.ts';
import { type CheckedFilter, filterMatches, listsMatch } from '../domain/conditions/checked-filter.ts';
import { checkPosition, pastLogEnd } from '../domain/events/page.ts';
import { isExactTopic } from '../domain/events/topic.ts';
import { changeOfEntry, type LiveChange } from '../live/change.ts';
import type { Watcher } from '../live/hub.ts';
import { FilterLane } from '../live/filter-lane.ts';
import { filtersTooCostly, tooSlow } from '../live/subscription-end.ts';
import type { Live } from '../live/live.ts';
import type {
  EventChange,
  EventProgress,
  FeedRequest,
  CatchUp,
  ProgressRequest,
  StatusRequest,
  Watch,
  WatchFactory,
  Watching,
} from '../live/watch.ts';
import { isWithin, type RowScope } from '../domain/access/row-scope.ts';
import type { LogTail } from '../log/tail.ts';
import { readByIds, readRequest } from '../store/events/read-events.ts';
import { lastPosition, type LogRow, type LogSelection, readLog } from '../store/events/read-log.ts';
import { filterFields, lightFields } from '../store/events/event-columns.ts';
import { requireScope, rowsOf } from './access/access.ts';

/** A subscription's arguments, checked: which changes it wants. */
interface Wanted {
  readonly rows: RowScope | null;
  /** The request whose statuses are wanted, if it is one. */
  readonly request?: string | null;
  readonly filter: CheckedFilter;
  readonly kinds: readonly ChangeKind[] | null;
  readonly after: Position | null;
}

const catchUpBatch = 1_000;
/** With summaries and payloads, of which each may be a megabyte. */
const jsonBatch = { least: 8, most: 64 };

export function createWatchFactory(database: Database, tail: LogTail, live: Live): WatchFactory {
  return {
    hold: () => tail.hold(),
    get position() {
      return tail.position;
    },
    live: (caller) => liveWatch(live, caller),
    catchUp: (from, caller) => new DatabaseCatchUp({ database, tail, live }, from, caller),
  };
}

function liveWatch(live: Live, caller: Watching): Watch {
  return {
    feed: async (request) => liveChanges(live, wantedByFeed(request, caller), caller.name),
    status: async (request) => liveChanges(live, wantedByStatus(request, caller), caller.name),
    progress: async (request) => liveProgress(live, wantedProgress(request, caller)),
  };
}

function wantedByFeed({ filter, kinds, after }: FeedRequest, caller: Watching): Wanted {
  requireScope(caller, 'events:read');
  return {
    rows: rowsOf(caller),
    filter: filterWithin(checkFeedFilter(filter), rowsOf(caller)),
    kinds: kinds ?? null,
    after: after == null ? null : checkPosition(after),
  };
}

function wantedByStatus({ ids, requestId, after }: StatusRequest, caller: Watching): Wanted {
  requireScope(caller, 'events:read');
  const filter = checkFilter({ ids, requestIds: requestId == null ? null : [requestId] });
  if ((filter.ids === null) === (filter.requestIds === null)) throw badInput('Give either ids or requestId.');
  return {
    rows: rowsOf(caller),
    request: requestId ?? null,
    filter: filterWithin(filter, rowsOf(caller)),
    kinds: ['CREATED', 'STATUS', 'DELETED'],
    after: after == null ? null : checkPosition(after),
  };
}

/** What the change was of is within the filter; here it is what the event is now that has to be within the rows as well. */
function isOfKind({ kinds, rows }: Wanted, { change }: LiveChange): boolean {
  return (kinds === null || kinds.includes(change.kind)) && isNowWithin(rows, change);
}

function isNowWithin(rows: RowScope | null, { event }: EventChange): boolean {
  const { topic = '', project = null, requestId = '' } = event;
  return isWithin(rows, { topic, project, requestId });
}

function wantsJson({ filter: { conditions, where } }: Wanted): boolean {
  return where !== null || (conditions !== null && readsJson(conditions));
}

function liveChanges(live: Live, wanted: Wanted, caller: string): AsyncIterable<EventChange> {
  const queue = new BoundedQueue<EventChange>(limits.subscriberBufferItems, () => {
    stop();
    lane.end();
  });
  let last: Position | null = null;
  const lane = new FilterLane({
    filter: wanted.filter,
    caller,
    backlog: live.filters,
    slices: fairSlices,
    onMatch: ({ change }) => {
      if (queue.push(change)) last = change.position ?? last;
      else queue.end(tooSlow(last));
    },
    onFailure: (failure) => queue.end(failure === 'backlog' ? tooSlow(last) : filtersTooCostly(last)),
  });
  const watcher: Watcher<LiveChange> = {
    selector: wanted.filter,
    accepts: (item) => isOfKind(wanted, item),
    push: (item) => lane.offer(item),
  };
  const stop = wantsJson(wanted) ? live.watchWithJson(watcher) : live.changes.watch(watcher);
  return queue;
}

function liveProgress(live: Live, wanted: CheckedFilter): AsyncIterable<EventProgress> {
  const queue = new BoundedQueue<EventProgress>(limits.subscriberBufferItems, () => stop());
  const stop = live.progress.watch({
    selector: wanted,
    accepts: (item) => matchesProgress(wanted, item),
    push: (item) => {
      if (!queue.push(item)) queue.end(tooSlow(null));
    },
  });
  return queue;
}

function wantedProgress({ ids, requestId, topics }: ProgressRequest, caller: Watching): CheckedFilter {
  requireScope(caller, 'events:read');
  const filter = checkFilter({ ids, requestIds: requestId == null ? null : [requestId], topics });
  return filterWithin(filter, rowsOf(caller));
}

function matchesProgress(wanted: CheckedFilter, item: EventProgress): boolean {
  return listsMatch(
    { ...wanted, words: [] },
    {
      id: item.eventId,
      topic: item.topic,
      requestId: item.requestId ?? '',
      project: item.project ?? null,
      user: null,
      sender: null,
      status: 'IN_PROGRESS',
      description: '',
      createdAt: item.at,
    },
  );
}

interface CatchUpParts {
  readonly database: Database;
  readonly tail: LogTail;
  readonly live: Live;
}

class DatabaseCatchUp implements CatchUp {
  readonly #database: Database;
  readonly #tail: LogTail;
  readonly #live: Live;
  readonly #from: Position;
  readonly #caller: Watching;
  handover: Position;

  constructor({ database, tail, live }: CatchUpParts, from: Position, caller: Watching) {
    this.#database = database;
    this.#tail = tail;
    this.#live = live;
    this.#from = from;
    this.#caller = caller;
    this.handover = from;
  }

  async feed(request: FeedRequest): Promise<AsyncIterable<EventChange>> {
    const wanted = wantedByFeed(request, this.#caller);
    return this.#missed(wanted, await this.#startOf(wanted));
  }

  async status(request: StatusRequest): Promise<AsyncIterable<EventChange>> {
    const wanted = wantedByStatus(request, this.#caller);
    if (wanted.after !== null) return this.#missed(wanted, await this.#startOf(wanted));
    return this.#present(wanted);
  }

  /** Progress is not kept, but for the last of each event. */
  async progress(request: ProgressRequest): Promise<AsyncIterable<EventProgress>> {
    const wanted = wantedProgress(request, this.#caller);
    const known = (wanted.ids ?? []).map((id) => this.#live.lastProgress(id));
    return iterate(known.filter((item) => item !== null && matchesProgress(wanted, item)) as EventProgress[]);
  }

  async #startOf({ after }: Wanted): Promise<Position> {
    if (after === null) return this.#from;
    if (after > this.#tail.position) {
      // From a replica that has read further than this one, or from another database.
      const last = await lastPosition(this.#database);
      if (after > last) throw pastLogEnd('after', after, last);
    }
    this.handover = after;
    return after;
  }

  /** What came between `start` and where the live stream takes over, out of the log. */
  async *#missed(wanted: Wanted, start: Position): AsyncGenerator<EventChange> {
    const until = this.#tail.position > start ? this.#tail.position : start;
    const selection = selectionOf(wanted.filter);
    const withJson = wantsJson(wanted);
    const pace = new Pace(jsonBatch.least, jsonBatch.most);
    for (let position = start; position < until;) {
      const [size, fields] = withJson ? [pace.amount, filterFields] : [catchUpBatch, lightFields];
      let readMs = 0;
      const read = async () => {
        const began = performance.now();
        const entries = await readLog(this.#database, position, until, size, selection, fields);
        readMs = performance.now() - began;
        return entries;
      };
      const { rows, isCut } = await (withJson
        ? readLanes(this.#database).run(this.#caller.name, read)
        : read());
      pace.took(readMs);
      yield* await fairSlices.run(this.#caller.name, wantedOf(wanted, rows));
      position = rows.length < size && !isCut ? until : (rows.at(-1)?.entry.position ?? until);
    }
    this.handover = until;
  }

  /** The present status of each event, as one reading of the database says. */
  async #present({ filter, rows, request = null }: Wanted): Promise<AsyncIterable<EventChange>> {
    const { events, position } = await this.#database.transaction(async (tx) => {
      await tx.query({ text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', values: [] });
      const found =
        request === null
          ? await readByIds(tx, filter.ids ?? [], lightFields, rows)
          : (await readRequest(tx, request, limits.chainEvents, lightFields, { rows })).rows;
      return { events: found, position: await lastPosition(tx) };
    });
    refuseUnknown(filter.ids ?? [], events);
    this.handover = position;
    return iterate(events.map(presentStatus));
  }
}

/** The changes that are wanted, one row tested in each step. */
function* wantedOf(wanted: Wanted, rows: readonly LogRow[]): Steps<EventChange[]> {
  const changes: EventChange[] = [];
  for (const { entry, event } of rows) {
    const item = changeOfEntry(entry, event);
    if (isOfKind(wanted, item) && filterMatches(wanted.filter, item.filterable)) changes.push(item.change);
    yield;
  }
  return changes;
}

function presentStatus(event: PartialEvent): EventChange {
  const { position = null, status = 'PENDING', updatedAt = new Date(0) } = event;
  return { position, kind: 'STATUS', status, at: updatedAt, event };
}

function refuseUnknown(ids: readonly string[], events: readonly { id: string }[]): void {
  const known = new Set(events.map((event) => event.id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new ThroughlineError('NOT_FOUND', `There is no event ${unknown.slice(0, 3).join(', ')}.`, {
    ids: unknown.slice(0, 100),
  });
}

/** What of a filter an index of the log serves; the rest is tested in process. */
function selectionOf({ ids, topics }: CheckedFilter): LogSelection {
  return { eventIds: ids, topics: topics?.every(isExactTopic) ? topics : null };
}

async function* iterate<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
