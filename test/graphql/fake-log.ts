// A log in memory with its live streams: a WatchFactory that counts, and pauses wherever the real one waits.
import { BoundedQueue } from '../../src/base/bounded-queue.ts';
import { limits } from '../../src/base/limits.ts';
import { checkPosition } from '../../src/domain/events/page.ts';
import { tooSlow } from '../../src/live/subscription-end.ts';
import type { EventChange, FeedRequest, CatchUp, Watch, WatchFactory } from '../../src/live/watch.ts';
import { eventRecord } from './fake-operations.ts';

type Place = 'hold' | 'live' | 'catch-up' | 'missed';

export class FakeLog implements WatchFactory {
  readonly entries: EventChange[] = [];
  readonly streams = new Set<BoundedQueue<EventChange>>();
  /** Holds that are not released; executions opened; changes executed; results serialised. */
  readonly counts = { held: 0, live: 0, executed: 0, serialised: 0 };
  /** Runs where the real one would ask the database; may wait, or fail. */
  pause: (place: Place) => Promise<unknown> = async () => {};

  get position(): bigint {
    return BigInt(this.entries.length);
  }

  append(description = ''): void {
    const change = this.#change(BigInt(this.entries.length + 1), description);
    this.entries.push(change);
    this.#publish(change);
  }

  publishTransient(): void {
    this.#publish(this.#change(null, ''));
  }

  async hold(): Promise<() => void> {
    this.counts.held += 1;
    try {
      await this.pause('hold');
    } catch (error) {
      this.counts.held -= 1;
      throw error;
    }
    let held = true;
    return () => {
      if (held) this.counts.held -= 1;
      held = false;
    };
  }

  live(): Watch {
    this.counts.live += 1;
    return watch(async (request) => {
      await this.pause('live');
      refuseMalformed(request);
      const stream: BoundedQueue<EventChange> = new BoundedQueue(limits.subscriberBufferItems, () =>
        this.streams.delete(stream),
      );
      this.streams.add(stream);
      return stream;
    });
  }

  /** Fixes where it ends before anything is read, and waits once more: the least that the contract promises. */
  catchUp(from: bigint): CatchUp {
    const feed: Watch['feed'] = async (request) => {
      await this.pause('catch-up');
      refuseMalformed(request);
      const start = request.after == null ? from : checkPosition(request.after);
      catchUp.handover = this.position > start ? this.position : start;
      const missed = this.entries.slice(Number(start), Number(catchUp.handover));
      await this.pause('catch-up');
      return this.#read(missed);
    };
    const catchUp: CatchUp & { handover: bigint } = { ...watch(feed), handover: from };
    return catchUp;
  }

  async *#read(missed: readonly EventChange[]): AsyncGenerator<EventChange> {
    for (const change of missed) {
      await this.pause('missed');
      yield change;
    }
  }

  #publish(change: EventChange): void {
    for (const stream of this.streams) if (!stream.push(change)) stream.end(tooSlow(null));
  }

  #change(position: bigint | null, description: string): EventChange {
    const { counts } = this;
    const summary = { toJSON: () => `${++counts.serialised} times` };
    const event = { ...eventRecord(this.entries.length + 1, { description }), summary: summary as never };
    return {
      position,
      status: 'FINISHED',
      at: event.createdAt,
      event,
      get kind() {
        counts.executed += 1;
        return position === null ? ('TRANSIENT' as const) : ('CREATED' as const);
      },
    };
  }
}

function watch(feed: Watch['feed']): Watch {
  return { feed, status: feed, progress: () => Promise.reject(new Error('the fake has no progress')) };
}

function refuseMalformed({ after }: FeedRequest): void {
  if (after != null) checkPosition(after);
}
