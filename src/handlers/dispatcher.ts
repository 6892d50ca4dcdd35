// From the log to runs: events that became FINISHED without runs being made with them get theirs, to be run in the background.
//
// A send makes the runs of its event together with it. What is left is what was sent by a gateway that does not have the
// handler, held back, or finished later. For those each handler has a place in the log, kept in the database, and looks
// on from there by itself: one that takes its time to say what it wants keeps no other waiting.
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { asError } from '../base/errors.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { Position } from '../domain/event.ts';
import type { HandledEvent } from '../domain/handler.ts';
import type { LiveChange } from '../live/change.ts';
import type { Live } from '../live/live.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import {
  advanceHandlers,
  findUndispatched,
  type HandlerState,
  type Undispatched,
} from '../store/handlers.ts';
import type { ChainLimits } from './chain-limits.ts';
import { newRun } from './new-run.ts';
import type { Registered, Registry } from './registry.ts';
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

interface Place {
  /** All up to here has its runs, or needs none. */
  position: Position;
  saved: Position;
  /** There may be something beyond. */
  isBehind: boolean;
  looking: Promise<void> | undefined;
}

/** So long changes are gathered: one statement for all of them. */
const gatherMs = 50;
const retryMs = 1_000;
const saveEveryMs = 5_000;
/** Events with all that they hold, which may be a megabyte each. */
const batch = 50;
/** Events whose runs were decided on by their sends here: as many as may be read again from the log soon after. */
const ownLimit = 10_000;

export class Dispatcher implements Stoppable {
  readonly #parts: DispatcherParts;
  readonly #places = new Map<string, Place>();
  /** By event, the generation of the registry by which it was decided which runs it gets. */
  readonly #own = new LRUCache<string, number>({ max: ownLimit });
  #unwatch: (() => void) | undefined;
  #holding: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** For sends: these events get their runs from them. */
  readonly own = {
    add: (id: string, generation: number): void => void this.#own.set(id, generation),
    delete: (id: string): void => void this.#own.delete(id),
  };

  /** The handlers are those of the registry now, each from its place in the log on. */
  async follow(states: readonly HandlerState[]): Promise<void> {
    const { tail, live, registry } = this.#parts;
    this.#holding ??= await tail.hold();
    this.#unwatch?.();
    const known = new Set(states.map(({ fullName }) => fullName));
    for (const name of this.#places.keys()) if (!known.has(name)) this.#places.delete(name);
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

  /** It goes on from there: it is new here, or was switched on, or may have come further in the database than is known. */
  moveTo(fullName: string, position: Position, isSwitched = false): void {
    const known = this.#places.get(fullName);
    const place = known ?? { position, saved: position, isBehind: true, looking: undefined };
    this.#places.set(fullName, place);
    if (isSwitched || position > place.position) Object.assign(place, { position, saved: position });
    place.isBehind = true;
    this.#look(fullName);
  }

  /** Resolves when everything that is in the log by now has been looked at. */
  async idle(): Promise<void> {
    for (const [name, place] of this.#places) {
      place.isBehind = true;
      this.#look(name);
    }
    await Promise.all([...this.#places.values()].map(({ looking }) => looking));
  }

  readonly stop = once(async () => {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#places.values()].map(({ looking }) => looking));
    await this.#saving;
    // While changes are still told of, so that no place is put behind one that nobody has looked at.
    await this.#save();
    this.#unwatch?.();
    this.#holding?.();
  });

  #consider({ change, filterable }: LiveChange): void {
    const { registry } = this.#parts;
    const decided = this.#own.get(change.event.id);
    for (const { handler, enabled } of registry.forTopic(filterable.topic)) {
      const place = this.#places.get(handler.fullName);
      // What is sent while it is off is not for it; where it begins when it is switched on, the database says.
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
    const place = this.#places.get(fullName);
    if (this.#stopped || !place || place.looking) return;
    // Whatever run the change came of that is looked at, this is no part of it.
    place.looking = runStorage
      .exit(() => this.#lookOn(fullName, place))
      .finally(() => {
        place.looking = undefined;
        if (place.isBehind && this.#places.get(fullName) === place) this.#look(fullName);
      });
  }

  async #lookOn(fullName: string, place: Place): Promise<void> {
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
        'a handler could not be given what is in the log; it is tried again',
      );
      await delay(retryMs, undefined, { ref: false });
    }
  }

  /** Looks at the next part of the log. */
  async #step(registered: Registered, place: Place): Promise<void> {
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

  /** The runs are made together, in the order of the log. */
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
    // Who is not behind has nothing between its place and where the log has been read to.
    if (this.#holding) {
      for (const [fullName, place] of this.#places) {
        if (!place.isBehind && place.looking === undefined && registry.get(fullName)?.enabled)
          place.position = later(place.position, tail.position);
      }
    }
    const moved = [...this.#places]
      .filter(([, { position, saved }]) => position > saved)
      .map(([fullName, place]) => ({ fullName, place, position: place.position }));
    if (moved.length === 0) return;
    try {
      await advanceHandlers(database, moved);
      for (const { place, position } of moved) place.saved = position;
    } catch (error) {
      logger.warn({ err: asError(error) }, 'the places of handlers were not saved');
    }
  }
}

function later(one: Position, other: Position): Position {
  return one > other ? one : other;
}
