// The dispatcher of background runs: creates the runs of events that became FINISHED without them. A send commits the
// runs of its event together with it. What remains are events sent by a gateway without the handler, scheduled events,
// and events that finish later. For these, each handler has a saved position in the log and reads on from it
// independently, so that a slow filter delays no other handler.
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { asError } from '../../base/errors.ts';
import { once, type Stoppable } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../../database/database.ts';
import type { Position } from '../../domain/events/event.ts';
import type { HandledEvent } from '../../domain/handlers/handler.ts';
import type { LiveChange } from '../../live/change.ts';
import type { Live } from '../../live/live.ts';
import type { JobWriter } from '../../log/job-writer.ts';
import type { LogTail } from '../../log/tail.ts';
import {
  advanceHandlers,
  findUndispatched,
  type HandlerState,
  type Undispatched,
} from '../../store/control/handlers.ts';
import type { ChainLimits } from './chain-limits.ts';
import { newRun } from './new-run.ts';
import type { Registered, Registry } from '../app/registry.ts';
import { runStorage } from './run-context.ts';
import type { Runner } from './runner.ts';

export interface DispatcherParts {
  readonly database: Database;
  readonly tail: LogTail;
  readonly live: Live;
  readonly jobWriter: JobWriter;
  readonly registry: Registry;
  readonly runner: Runner;
  readonly chainLimits: ChainLimits;
  readonly logger: Logger;
  readonly name: string;
}

interface HandlerPosition {
  /** Every event up to this position has its runs, or needs none. */
  position: Position;
  saved: Position;
  /** Whether the log may have entries after the position. */
  isBehind: boolean;
  looking: Promise<void> | undefined;
}

/** How long changes are gathered into one statement, in milliseconds. */
const gatherMs = 50;
const retryMs = 1_000;
const saveEveryMs = 5_000;
/** Events read at once, with their JSON, which can be a megabyte each. */
const batch = 50;
/** Recent events whose runs were decided by their own sends, kept until they are read back from the log. */
const ownLimit = 10_000;

export class Dispatcher implements Stoppable {
  readonly #parts: DispatcherParts;
  readonly #positions = new Map<string, HandlerPosition>();
  /** By event: the registry generation with which its runs were decided. */
  readonly #own = new LRUCache<string, number>({ max: ownLimit });
  #unwatch: (() => void) | undefined;
  #holding: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** For sends: marks events whose runs are committed with them. */
  readonly own = {
    add: (id: string, generation: number): void => void this.#own.set(id, generation),
    delete: (id: string): void => void this.#own.delete(id),
  };

  /** Follows the handlers that are in the registry now, each from its position in the log. */
  async follow(states: readonly HandlerState[]): Promise<void> {
    const { tail, live, registry } = this.#parts;
    this.#holding ??= await tail.hold();
    this.#unwatch?.();
    const known = new Set(states.map(({ fullName }) => fullName));
    for (const name of this.#positions.keys()) if (!known.has(name)) this.#positions.delete(name);
    this.#unwatch = live.changes.watch({
      selector: { ids: null, requestIds: null, topics: registry.sources, projects: null },
      accepts: ({ change: { kind, status } }) =>
        status === 'FINISHED' && (kind === 'CREATED' || kind === 'STATUS'),
      push: (item) => this.#consider(item),
    });
    for (const { fullName, position } of states) this.moveTo(fullName, position);
    this.#timer ??= setInterval(() => {
      this.#saving = this.#saving.then(() => this.#save());
    }, saveEveryMs).unref();
  }

  /** Moves a handler to this position: it is new here, was enabled, or is further ahead in the database. */
  moveTo(fullName: string, position: Position, isSwitched = false): void {
    const known = this.#positions.get(fullName);
    const place = known ?? { position, saved: position, isBehind: true, looking: undefined };
    this.#positions.set(fullName, place);
    if (isSwitched || position > place.position) Object.assign(place, { position, saved: position });
    place.isBehind = true;
    this.#look(fullName);
  }

  /** Resolves when everything in the log by now has been dispatched. */
  async idle(): Promise<void> {
    for (const [name, place] of this.#positions) {
      place.isBehind = true;
      this.#look(name);
    }
    await Promise.all([...this.#positions.values()].map(({ looking }) => looking));
  }

  readonly stop = once(async () => {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#positions.values()].map(({ looking }) => looking));
    await this.#saving;
    // While changes still arrive, so that no position passes an entry that was not read.
    await this.#save();
    this.#unwatch?.();
    this.#holding?.();
  });

  #consider({ change, filterable }: LiveChange): void {
    const { registry } = this.#parts;
    const decided = this.#own.get(change.event.id);
    for (const { handler, enabled } of registry.forTopic(filterable.topic)) {
      const place = this.#positions.get(handler.fullName);
      // A disabled handler ignores what is sent. When it is enabled, the database decides where it begins.
      if (!place || !enabled) continue;
      if (decided !== registry.generation) {
        place.isBehind = true;
        this.#look(handler.fullName);
      } else if (!place.isBehind && place.looking === undefined && change.position !== null) {
        place.position = later(place.position, change.position);
      }
    }
  }

  #look(fullName: string): void {
    const place = this.#positions.get(fullName);
    if (this.#stopped || !place || place.looking) return;
    // Dispatching is not part of the run that caused the change.
    place.looking = runStorage
      .exit(() => this.#lookOn(fullName, place))
      .finally(() => {
        place.looking = undefined;
        if (place.isBehind && this.#positions.get(fullName) === place) this.#look(fullName);
      });
  }

  async #lookOn(fullName: string, place: HandlerPosition): Promise<void> {
    await delay(gatherMs, undefined, { ref: false });
    try {
      while (!this.#stopped && place.isBehind) {
        const registered = this.#parts.registry.get(fullName);
        if (!registered) return;
        await this.#step(registered, place);
      }
    } catch (error) {
      place.isBehind = true;
      this.#parts.logger.warn(
        { err: asError(error), handler: fullName },
        'could not dispatch log entries to a handler; will retry',
      );
      await delay(retryMs, undefined, { ref: false });
    }
  }

  /** Reads and dispatches the next part of the log. */
  async #step(registered: Registered, place: HandlerPosition): Promise<void> {
    const { database, tail } = this.#parts;
    const until = tail.position;
    place.isBehind = false;
    if (place.position >= until || !registered.enabled) return;
    const { fullName, source } = registered.handler;
    const search = { fullName, source, after: place.position };
    const found = await findUndispatched(database, [search], until, batch);
    await this.#dispatch(registered, found);
    place.position = later(place.position, found.length < batch ? until : found.at(-1)!.position);
    place.isBehind ||= found.length === batch;
  }

  /** Creates the runs together, in log order. */
  async #dispatch(registered: Registered, found: readonly Undispatched[]): Promise<void> {
    const { registry, logger, chainLimits } = this.#parts;
    const asked = found.flatMap(({ event, position }) =>
      event === null || this.#own.get(event.id) === registry.generation ? [] : [{ event, position }],
    );
    const wanted = await Promise.all(
      asked.map(({ event }) => registered.wants(event, registry.baseTypeOf(event.eventType), logger)),
    );
    const wanting = asked.filter((_, n) => wanted[n]);
    const rooms = await Promise.all(
      wanting.map(({ event }) => chainLimits.reserve(event.id, event.requestId, 1)),
    );
    const making = wanting.map(({ event, position }, n) => {
      const { refusal, release } = rooms[n]!;
      return this.#make(registered, event, position, refusal).finally(release);
    });
    for (const outcome of await Promise.allSettled(making)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  async #make(
    { handler }: Registered,
    event: HandledEvent,
    sourcePosition: Position,
    refusal: Error | null,
  ): Promise<void> {
    const { jobWriter, runner, name } = this.#parts;
    const run = newRun(handler, name, refusal ? 'REFUSED' : 'BACKGROUND');
    const made = await jobWriter.create({ ...run, sourceId: event.id, sourcePosition });
    if (!made || !refusal) return;
    const claimed = { eventId: run.id, requestId: event.requestId, attempt: 1 };
    await runner.refuse(claimed, handler.fullName, refusal);
  }

  async #save(): Promise<void> {
    const { tail, registry, database, logger } = this.#parts;
    // A handler that is not behind has nothing left up to the position of the log reader.
    if (this.#holding) {
      for (const [fullName, place] of this.#positions) {
        if (!place.isBehind && place.looking === undefined && registry.get(fullName)?.enabled)
          place.position = later(place.position, tail.position);
      }
    }
    const moved = [...this.#positions]
      .filter(([, { position, saved }]) => position > saved)
      .map(([fullName, place]) => ({ fullName, place, position: place.position }));
    if (moved.length === 0) return;
    try {
      await advanceHandlers(database, moved);
      for (const { place, position } of moved) place.saved = position;
    } catch (error) {
      logger.warn({ err: asError(error) }, 'could not save the positions of handlers');
    }
  }
}

function later(one: Position, other: Position): Position {
  return one > other ? one : other;
}
