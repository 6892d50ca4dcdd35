// Shared subscriptions against a log in memory: one execution for many, and for each its own beginning without gap or repeat.
import fc from 'fast-check';
import { type ExecutionResult, parse } from 'graphql';
import { describe, expect, test, vi } from 'vitest';
import { BoundedQueue } from '../../src/base/bounded-queue.ts';
import { limits } from '../../src/base/limits.ts';
import { checkPosition } from '../../src/domain/page.ts';
import { schema } from '../../src/graphql/schema.ts';
import { SharedSubscriptions } from '../../src/graphql/shared-subscriptions.ts';
import { tooSlow } from '../../src/live/too-slow.ts';
import type { EventChange, FeedRequest, Prelude, Watch, WatchFactory } from '../../src/live/watch.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { eventRecord } from './fake-operations.ts';

type Results = AsyncIterableIterator<ExecutionResult>;

/** The log and its hub, with a pause wherever the real ones wait for something. */
class FakeLog implements WatchFactory {
  readonly entries: EventChange[] = [];
  readonly streams = new Set<BoundedQueue<EventChange>>();
  /** How often each thing was opened, read, executed or serialised. */
  readonly counts = { held: 0, live: 0, preludes: 0, executed: 0, serialised: 0 };
  pause: (where: string) => Promise<void> = async () => {};

  get position(): bigint {
    return BigInt(this.entries.length);
  }

  append(description = ''): void {
    this.publish(BigInt(this.entries.length + 1), description);
  }

  /** With null for a position: fire-and-forget. */
  publish(position: bigint | null, description = ''): void {
    const { counts } = this;
    const event = eventRecord(this.entries.length + 1, { description, summary: { toJSON: () => `${++counts.serialised}` } as never });
    const kind = position === null ? 'TRANSIENT' : 'CREATED';
    const change: EventChange = {
      position,
      status: 'FINISHED',
      at: event.createdAt,
      event,
      get kind() {
        counts.executed += 1;
        return kind;
      },
    } as EventChange;
    if (position !== null) this.entries.push(change);
    for (const stream of this.streams) if (!stream.push(change)) stream.end(tooSlow(position));
  }

  async hold(): Promise<() => void> {
    this.counts.held += 1;
    await this.pause('hold');
    return () => {
      this.counts.held -= 1;
    };
  }

  live(): Watch {
    this.counts.live += 1;
    const stream = async ({ after }: FeedRequest) => {
      await this.pause('live');
      if (after != null) checkPosition(after);
      const queue: BoundedQueue<EventChange> = new BoundedQueue(limits.subscriberBufferItems, () => this.streams.delete(queue));
      this.streams.add(queue);
      return queue;
    };
    return { feed: stream, status: stream, progress: () => Promise.reject(new Error('not in this fake')) };
  }

  prelude(from: bigint): Prelude {
    this.counts.preludes += 1;
    const log = this;
    const missed = async function* (start: bigint) {
      prelude.handover = log.position > start ? log.position : start;
      for (let position = start; position < prelude.handover; position++) {
        await log.pause('missed');
        yield log.entries[Number(position)] as EventChange;
      }
    };
    const stream = async ({ after }: FeedRequest) => {
      await this.pause('prelude');
      return missed(after == null ? from : checkPosition(after));
    };
    const prelude: Prelude = { ...this.live(), feed: stream, status: stream, handover: from };
    this.counts.live -= 1;
    return prelude;
  }
}

const feed = 'subscription ($after: Position) { eventFeed(after: $after) { position kind event { description summary } } }';

function gateway() {
  const log = new FakeLog();
  const report = vi.fn();
  const shared = new SharedSubscriptions({ schema, operations: {} as Operations, watching: log, report });
  const subscribe = (given: { text?: string; variables?: Record<string, unknown>; scopes?: string[]; direct?: (text: string) => boolean } = {}) => {
    const { text = feed, variables = {}, scopes = ['*'], direct } = given;
    const caller = { name: 'tester', scopes, requestId: null };
    return shared.subscribe({ document: parse(text), variables, caller }, direct);
  };
  /** The same, where it has to work. */
  const opened = async (given: Parameters<typeof subscribe>[0] = {}) => {
    const results = await subscribe(given);
    if (!(Symbol.asyncIterator in results)) throw new Error(`refused: ${JSON.stringify(results)}`);
    return results;
  };
  return { log, report, shared, subscribe, opened };
}
