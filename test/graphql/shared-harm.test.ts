// What one subscriber suffers or does is no harm to those who share with it, and leaves nothing behind.
import { type ExecutionResult, parse } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { SharedSubscriptions } from '../../src/graphql/live/shared-subscriptions.ts';
import { tooSlow } from '../../src/live/subscription-end.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { FakeLog } from './fake-log.ts';

const feed = 'subscription ($after: Position) { eventFeed(after: $after) { position } }';
const positionOf = (r: ExecutionResult) => (r.data?.eventFeed as { position: string }).position;
const turn = () => new Promise(setImmediate);
function gateway(entries = 0) {
  const log = new FakeLog();
  for (let n = 0; n < entries; n++) log.append();
  const shared = new SharedSubscriptions({
    schema,
    operations: {} as Operations,
    watching: log,
    report: () => {},
  });
  const subscribe = (after?: string, direct?: (text: string) => boolean) =>
    shared.subscribe(
      {
        document: parse(feed),
        variables: after === undefined ? {} : { after },
        caller: { name: 't', keyId: null, scopes: ['admin'], rows: null, requestId: null },
      },
      direct,
    );
  const open = async (after?: string, direct?: (text: string) => boolean) =>
    (await subscribe(after, direct)) as AsyncIterableIterator<ExecutionResult>;
  return { log, subscribe, open };
}

test('an opening that fails does not harm other subscribers that wait for it', async () => {
  const { subscribe } = gateway(1);
  const all = await Promise.all([subscribe('x'), subscribe('0'), subscribe('0')]);
  expect(all.map((opened) => Symbol.asyncIterator in opened)).toEqual([false, true, true]);
});

test('a beginning that breaks midway leaves no hold and no group', async () => {
  const { log, open } = gateway(3);
  const results = await open('0');
  await results.next();
  log.pause = async (place) => {
    if (place === 'missed') throw new Error('database gone');
  };
  const read = async () => {
    for await (const _ of results);
  };
  await expect(read()).rejects.toThrow('database gone');
  await turn();
  expect(log.counts.held).toBe(0);
  expect(log.streams.size).toBe(0);
});

test('a subscriber ended by buffer overflow during catch-up gets its last delivered position', async () => {
  const { log, open } = gateway(3);
  const results = await open('0');
  expect(positionOf((await results.next()).value)).toBe('1');
  for (const stream of log.streams) stream.end(tooSlow(null));
  await turn();
  const got: string[] = ['1'];
  let error: unknown;
  try {
    for await (const r of results) got.push(positionOf(r));
  } catch (e) {
    error = e;
  }
  expect({ got: got.at(-1), told: (error as { details: { position: string } }).details.position }).toEqual({
    got: got.at(-1),
    told: got.at(-1),
  });
});

test('where none was read before it was ended, the position is not null when some were delivered', async () => {
  const { log, open } = gateway(3);
  const results = await open('0');
  for (const stream of log.streams) stream.end(tooSlow(null));
  await turn();
  const got: string[] = [];
  let error: unknown;
  try {
    for await (const r of results) got.push(positionOf(r));
  } catch (e) {
    error = e;
  }
  expect((error as { details: { position: string } }).details.position).toBe(got.at(-1));
});

test('returning ends at once: nothing that was pending is delivered afterwards', async () => {
  const { log, open } = gateway(2);
  const results = await open('0');
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  log.pause = (place) => (place === 'missed' ? gate : Promise.resolve());
  const waiting = results.next();
  await turn();
  log.append();
  log.append();
  await turn();
  const returned = results.return!();
  release();
  await returned;
  const got = [await waiting, await results.next(), await results.next()].map(({ done }) => done);
  expect(got.slice(1)).toEqual([true, true]);
});

test('a direct that throws harms nobody else', async () => {
  const { log, open } = gateway();
  const a = await open(undefined, () => {
    throw new Error('socket broke');
  });
  const b = await open();
  const [x, y] = [
    a.next().catch((e) => e),
    b.next().then(
      (s) => s,
      (e) => e,
    ),
  ];
  await turn();
  log.append();
  await x;
  const step = await y;
  expect(step).not.toBeInstanceOf(Error);
});
