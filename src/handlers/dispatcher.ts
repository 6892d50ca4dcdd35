// From the log to runs: events that became FINISHED without runs being made with them get theirs, to be run in the background.
//
// A send makes the runs of its event together with it. What is left is what was sent by a gateway that does not have the
// handler, held back, or finished later. For those each handler has a place in the log, kept in the database.
import { setTimeout as delay } from 'node:timers/promises';
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
import { readByIds } from '../store/read-events.ts';
import type { ChainLimits } from './chain-limits.ts';
import type { Registered, Registry } from './registry.ts';
import type { Runner } from './runner.ts';
import { newRun } from './new-run.ts';

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
}

/** So long changes are gathered: one statement for all of them. */
const gatherMs = 50;
const retryMs = 1_000;
const saveEveryMs = 5_000;
/** By how many positions a place has to have moved on to be written down while it is in use. */
const saveStep = 1_000n;
const batch = 200;
/** Events whose runs are made by a send that is under way: forgotten when the log tells of them. */
const ownLimit = 100_000;

export class Dispatcher implements Stoppable {
  readonly #parts: DispatcherParts;
  readonly #places = new Map<string, Place>();
  readonly #own = new Set<string>();
  #unwatch: (() => void) | undefined;
  #holding: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** For sends: these events get their runs from them. */
  readonly own = {
    add: (id: string): void => {
      if (this.#own.size < ownLimit) this.#own.add(id);
    },
    delete: (id: string): void => void this.#own.delete(id),
  };

  /** The handlers are those of the registry now, each from its place in the log on. */
  async follow(states: readonly HandlerState[]): Promise<void> {
    const { tail, live, registry } = this.#parts;
    this.#holding ??= await tail.hold();
    this.#unwatch?.();
    const known = new Set(states.map(({ fullName }) => fullName));
    for (const name of this.#places.keys()) if (!known.has(name)) this.#places.delete(name);
    for (const { fullName, position } of states) this.moveTo(fullName, position);
    this.#unwatch = live.changes.watch({
      selector: { ids: null, requestIds: null, topics: registry.sources, projects: null },
      accepts: ({ change: { kind, status } }) =>
        status === 'FINISHED' && (kind === 'CREATED' || kind === 'STATUS'),
      push: (item) => this.#consider(item),
    });
    this.#timer ??= setInterval(() => {
      this.#saving = this.#saving.then(() => this.#save(false));
    }, saveEveryMs).unref();
    this.#look();
  }

  /** It has come further in the database than is known here. */
  moveTo(fullName: string, position: Position): void {
    const place = this.#places.get(fullName);
    if (!place) this.#places.set(fullName, { position, saved: position, isBehind: true });
    else if (position > place.position) Object.assign(place, { position, saved: position, isBehind: true });
  }

  /** Resolves when everything that is in the log by now has been looked at. */
  async idle(): Promise<void> {
    for (const place of this.#places.values()) place.isBehind = true;
    this.#look();
    await this.#looking;
  }

  readonly stop = once(async () => {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#unwatch?.();
    await this.#looking;
    await this.#saving;
    await this.#save(true);
    this.#holding?.();
  });

  #consider({ change, filterable }: LiveChange): void {
    if (this.#own.delete(change.event.id)) return;
    for (const { handler } of this.#parts.registry.forTopic(filterable.topic)) {
      const place = this.#places.get(handler.fullName);
      if (place) place.isBehind = true;
    }
    this.#look();
  }

  #look(): void {
    if (this.#stopped) return;
    this.#looking ??= this.#lookAll().finally(() => {
      this.#looking = undefined;
      if ([...this.#places.values()].some(({ isBehind }) => isBehind)) this.#look();
    });
  }

  async #lookAll(): Promise<void> {
    await delay(gatherMs, undefined, { ref: false });
    try {
      while (!this.#stopped && (await this.#step()));
    } catch (error) {
      this.#parts.logger.warn(
        { err: asError(error) },
        'handlers could not be given what is in the log; it is tried again',
      );
      await delay(retryMs, undefined, { ref: false });
    }
  }

  /** Looks at a part of the log for each handler that is behind; false where none is. */
  async #step(): Promise<boolean> {
    const { database, tail, registry } = this.#parts;
    const until = tail.position;
    const behind = [...this.#places].flatMap(([fullName, place]) => {
      const registered = registry.get(fullName);
      return registered && place.isBehind ? [{ fullName, place, registered }] : [];
    });
    for (const { place, registered } of behind) {
      place.isBehind = false;
      // What is sent while it is off is not for it.
      if (!registered.enabled) place.position = later(place.position, until);
    }
    const asked = behind.filter(({ registered, place }) => registered.enabled && place.position < until);
    if (asked.length === 0) return false;
    try {
      const searches = asked.map(({ fullName, place, registered }) => ({
        fullName,
        source: registered.handler.source,
        after: place.position,
      }));
      const found = await findUndispatched(database, searches, until, batch);
      for (const { fullName, place, registered } of asked) {
        const own = found.filter((row) => row.fullName === fullName);
        await this.#dispatch(registered, own);
        place.position = later(place.position, own.length < batch ? until : own.at(-1)!.position);
        place.isBehind ||= own.length === batch;
      }
    } catch (error) {
      for (const { place } of asked) place.isBehind = true;
      throw error;
    }
    return asked.some(({ place }) => place.isBehind);
  }

  /** In the order of the log. */
  async #dispatch(registered: Registered, found: readonly Undispatched[]): Promise<void> {
    for (const { event, position } of found) {
      if (event === null || this.#own.has(event.id)) continue;
      const kind = this.#parts.registry.baseTypeOf(event.eventType);
      if (await registered.wants(event, kind, this.#parts.logger))
        await this.#make(registered, event, position);
    }
  }

  async #make({ handler }: Registered, event: HandledEvent, sourcePosition: Position): Promise<void> {
    const { database, jobWriter, runner, chainLimits, name } = this.#parts;
    const [row] = await readByIds(database, [event.id], ['dependsOnId']);
    const refusal = await chainLimits.refusal(row?.dependsOnId ?? null, event.requestId);
    const job = {
      ...newRun(handler, name, refusal ? 'REFUSED' : 'BACKGROUND'),
      sourceId: event.id,
      sourcePosition,
    };
    const made = await jobWriter.create(job);
    if (!made || !refusal) return;
    const run = { eventId: job.id, requestId: event.requestId, attempt: 1 };
    await runner.refuse(run, handler.fullName, refusal);
  }

  async #save(all: boolean): Promise<void> {
    const { tail, registry, database, logger } = this.#parts;
    // Who is not behind has nothing between its place and where the log has been read to.
    if (this.#holding && this.#looking === undefined) {
      for (const [fullName, place] of this.#places)
        if (!place.isBehind && registry.get(fullName)) place.position = later(place.position, tail.position);
    }
    const moved = [...this.#places].filter(
      ([, { position, saved }]) => position - saved >= (all ? 1n : saveStep),
    );
    if (moved.length === 0) return;
    try {
      await advanceHandlers(
        database,
        moved.map(([fullName, { position }]) => ({ fullName, position })),
      );
      for (const [, place] of moved) place.saved = place.position;
    } catch (error) {
      logger.warn({ err: asError(error) }, 'the places of handlers were not saved');
    }
  }
}

function later(one: Position, other: Position): Position {
  return one > other ? one : other;
}
