// Shared subscriptions over a log in memory, with subscribers that read as a transport does.
import { type ExecutionResult, parse } from 'graphql';
import { expect, vi } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import type { Direct } from '../../src/graphql/live/shared-subscriber.ts';
import { SharedSubscriptions } from '../../src/graphql/live/shared-subscriptions.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { FakeLog } from './fake-log.ts';

export const feed =
  'subscription ($after: Position) { eventFeed(after: $after) { position kind event { description summary } } }';

interface Asking {
  readonly after?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly text?: string;
  readonly scopes?: readonly string[];
  readonly direct?: Direct;
}

interface Change {
  readonly position: string | null;
}

export const positionOf = ({ data, errors }: ExecutionResult): string =>
  errors ? `error: ${errors[0]?.message}` : String((data as { eventFeed: Change }).eventFeed.position);
export const codeOf = (refused: ExecutionResult) => refused.errors?.[0]?.extensions.code;
export const slowAt = (position: string | null) =>
  expect.objectContaining({ code: 'SLOW_SUBSCRIBER', details: { position } });

/**
 * Resolves when it is so: looks after every turn of the event loop, the first of which also lets everything that is
 * under way come to rest, since nothing here waits for anything but promises.
 */
export async function until(fact: () => boolean): Promise<void> {
  do await new Promise(setImmediate);
  while (!fact());
}

export function gateway(entries = 0) {
  const log = new FakeLog();
  for (let n = 0; n < entries; n++) log.append();
  const report = vi.fn();
  const shared = new SharedSubscriptions({ schema, operations: {} as Operations, watching: log, report });

  const subscribe = ({ after, variables = {}, text = feed, scopes = ['*'], direct }: Asking = {}) => {
    const caller = { name: 'tester', keyId: null, scopes, rows: null, requestId: null };
    return shared.subscribe(
      { document: parse(text), variables: after === undefined ? variables : { after, ...variables }, caller },
      direct,
    );
  };
  const open = async (asking: Asking = {}) => {
    const results = await subscribe(asking);
    if (!(Symbol.asyncIterator in results)) throw new Error(`refused: ${positionOf(results)}`);
    return results;
  };
  /** Reads as a transport does, and notes each position, whether it was read or came directly. */
  const follow = async (asking: Asking & { isDirect?: boolean } = {}) => {
    const got: string[] = [];
    const noting = (text: string) => got.push(positionOf(JSON.parse(text))) > 0;
    const results = await open(asking.isDirect ? { ...asking, direct: noting } : asking);
    const read = async () => {
      for await (const result of results) got.push(positionOf(result));
    };
    return { results, got, ended: read().catch((error: unknown) => error) };
  };
  const expectNothingLeft = async () => {
    await until(() => log.counts.held === 0 && log.streams.size === 0);
    // Nor is there a group to which the next one could be added.
    const opened = log.counts.live;
    await (await open()).return?.();
    expect(log.counts.live).toBe(opened + 1);
  };
  return { log, report, shared, subscribe, open, follow, expectNothingLeft };
}
