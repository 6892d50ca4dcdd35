// The feed of all changes, in order, for the WebSockets of AYON's protocol: read and serialised once for all of them.
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import type { PartialEvent } from '../../domain/events/event.ts';
import type { LiveChange } from '../../live/change.ts';
import type { Live } from '../../live/live.ts';
import type { EventProgress, WatchFactory } from '../../live/watch.ts';
import type { Operations } from '../../operations/operations.ts';
import { changeMessage, type EventMessage, messageFields, progressMessage } from './event-messages.ts';

export interface FeedParts {
  readonly live: Live;
  readonly watching: Pick<WatchFactory, 'hold' | 'position'>;
  readonly operations: Pick<Operations, 'eventsByIds'>;
  readonly logger: Logger;
}

export interface FeedListener {
  hear(message: EventMessage): void;
  /** Messages were lost. */
  lost(): void;
}

type Item = { readonly change: LiveChange } | { readonly progress: EventProgress };

const selectAll = { ids: null, requestIds: null, topics: null, projects: null };
/** Events whose summaries are read at once; each may be a megabyte. */
const batchSize = 100;

/** Follows the log only while somebody listens. */
export class EventFeed {
  readonly #parts: FeedParts;
  readonly #listener: FeedListener;
  #items: Item[] = [];
  /** Progress of changes that the log tail has yet to hand over. */
  #early: EventProgress[] = [];
  #isReading = false;
  #stopFollowing: (() => void) | undefined;
  /** Whether the log tail reads for this feed, and its position is known. */
  #isHeld = false;

  constructor(parts: FeedParts, listener: FeedListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  start(): void {
    if (this.#stopFollowing) return;
    const { live, watching, logger } = this.#parts;
    let isOver = false;
    let release = () => {};
    const stops = [
      live.changes.watch({
        selector: selectAll,
        accepts: () => true,
        push: (change) => this.#changed(change),
      }),
      live.progress.watch({
        selector: selectAll,
        accepts: () => true,
        push: (item) => this.#progressed(item),
      }),
    ];
    watching.hold().then(
      (unregister) => {
        if (isOver) return unregister();
        release = unregister;
        this.#isHeld = true;
      },
      (error: unknown) => {
        logger.warn({ err: error }, 'the log cannot be read for AYON’s WebSockets; they are closed');
        if (isOver) return;
        this.stop();
        this.#listener.lost();
      },
    );
    this.#stopFollowing = () => {
      isOver = true;
      this.#isHeld = false;
      for (const stop of stops) stop();
      release();
    };
  }

  stop(): void {
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
    this.#items = [];
    this.#early = [];
  }

  #changed(item: LiveChange): void {
    const { position, kind } = item.change;
    if (kind !== 'DELETED') this.#add({ change: item });
    if (position === null || this.#early.length === 0) return;
    const due = this.#early.filter((progress) => positionOf(progress) <= position);
    this.#early = this.#early.filter((progress) => positionOf(progress) > position);
    for (const progress of due) this.#add({ progress });
  }

  /** Progress that was reported of a version of the event follows the change that made it. */
  #progressed(progress: EventProgress): void {
    if (!this.#isHeld || positionOf(progress) <= this.#parts.watching.position)
      return this.#add({ progress });
    this.#early.push(progress);
    if (this.#early.length > limits.subscriberBufferItems) this.#early.shift();
  }

  #add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > limits.subscriberBufferItems) {
      this.#items = [];
      this.#listener.lost();
    }
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#read().finally(() => {
      this.#isReading = false;
    });
  }

  async #read(): Promise<void> {
    // What comes in one turn is read together.
    await new Promise(setImmediate);
    while (this.#items.length > 0) {
      const items = this.#items.splice(0, batchSize);
      const events = await this.#eventsOf(items);
      for (const item of items) {
        const message = this.#messageOf(item, events);
        if (message && this.#stopFollowing) this.#listener.hear(message);
      }
    }
  }

  async #eventsOf(items: readonly Item[]): Promise<ReadonlyMap<string, PartialEvent>> {
    const ids = [...new Set(items.map(idOf))].filter((id) => id !== null);
    if (ids.length === 0) return new Map();
    const { operations, logger } = this.#parts;
    try {
      return await operations.eventsByIds(ids, messageFields);
    } catch (error) {
      if (items.length === 1) {
        logger.warn({ err: error, eventId: ids[0] }, 'a change was not sent to AYON’s WebSockets');
        return new Map();
      }
    }
    const half = Math.ceil(items.length / 2);
    const parts = [await this.#eventsOf(items.slice(0, half)), await this.#eventsOf(items.slice(half))];
    return new Map(parts.flatMap((part) => [...part]));
  }

  #messageOf(item: Item, events: ReadonlyMap<string, PartialEvent>): EventMessage | null {
    const { live } = this.#parts;
    if ('change' in item) {
      const { position, event } = item.change.change;
      const progress = position === null ? null : live.progressAt(position);
      return changeMessage(item.change, events.get(event.id), progress);
    }
    const { progress } = item;
    // Told with its change already.
    const isTold = progress.isChange === true && live.progressAt(positionOf(progress)) !== null;
    const event = events.get(progress.eventId);
    return event === undefined || isTold ? null : progressMessage(progress, event);
  }
}

function positionOf({ position = null }: EventProgress): bigint {
  return position === null ? 0n : BigInt(position);
}

/** Null for what is not stored. */
function idOf(item: Item): string | null {
  if ('progress' in item) return item.progress.eventId;
  const { kind, event } = item.change.change;
  return kind === 'TRANSIENT' ? null : event.id;
}
