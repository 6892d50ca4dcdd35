// How shared subscriptions end: the slow, the failed and those who leave, none of whom harms others or leaves anything.
import type { ExecutionResult } from 'graphql';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { tooSlow } from '../../src/live/subscription-end.ts';
import { codeOf, gateway, positionOf, slowAt, until } from './shared-gateway.ts';

describe('a slow subscriber', () => {
  test('whose connection is full is ended with its last position, while others go on', async () => {
    const { log, open, follow } = gateway();
    const got: string[] = [];
    const slow = await open({ direct: (text) => got.push(positionOf(JSON.parse(text))) < 3 });
    const ended = slow.next();
    const other = await follow({ isDirect: true });
    await until(() => log.streams.size === 1);
    for (let n = 0; n < 5; n++) log.append();
    await expect(ended).rejects.toEqual(slowAt('2'));
    await until(() => other.got.length === 5);
    expect(got).toEqual(['1', '2', '3']);
    expect(await slow.next()).toEqual({ value: undefined, done: true });
    expect(log.counts.held).toBe(1);

    const again = await follow({ after: '2' });
    await until(() => again.got.length === 3);
    expect(again.got).toEqual(['3', '4', '5']);
  });

  test.each([
    ['bytes', 'x'.repeat(limits.subscriberBufferBytes / 4), 4],
    ['changes', '', limits.subscriberBufferItems + 1],
  ])(
    'that does not read is ended when too many %s wait for it, while others go on',
    async (_what, text, count) => {
      const { log, open, follow } = gateway();
      const [slow, other] = [await open(), await follow({ isDirect: true })];
      const first = slow.next();
      log.append();
      expect(positionOf((await first).value)).toBe('1');
      for (let n = 1; n < count; n++) {
        log.append(text);
        if (n % 1_000 === 0) await until(() => other.got.length === n + 1);
      }
      await until(() => other.got.length === count);
      expect(log.counts.held).toBe(2);
      log.append(text);
      await until(() => other.got.length === count + 1);
      expect(log.counts.held).toBe(1);
      await expect(slow.next()).rejects.toEqual(slowAt('1'));
    },
  );

  test('is not one that reads, however much passes through', async () => {
    const { log, follow } = gateway();
    const reader = await follow();
    for (let n = 1; n <= 10; n++) {
      log.append('x'.repeat(limits.subscriberBufferBytes / 4));
      await until(() => reader.got.length === n || log.counts.held === 0);
    }
    expect(reader.got).toHaveLength(10);
  });

  test('is each of a group whose execution fell behind, every one with its own last position', async () => {
    const { log, open, follow, expectNothingLeft } = gateway(1);
    const [reader, idle] = [await follow({ after: '0', isDirect: true }), await open()];
    log.append();
    await until(() => reader.got.length === 2);
    expect(positionOf((await idle.next()).value)).toBe('2');
    log.append();
    await until(() => reader.got.length === 3);
    for (const stream of log.streams) stream.end(tooSlow(null));
    expect(await reader.ended).toEqual(slowAt('3'));
    await expect(idle.next()).rejects.toEqual(slowAt('2'));
    await expectNothingLeft();
  });
});

describe('an opening that fails', () => {
  test('is answered with its errors, and leaves nothing', async () => {
    const { subscribe, expectNothingLeft } = gateway();
    expect(codeOf((await subscribe({ after: 'x' })) as ExecutionResult)).toBe('BAD_USER_INPUT');
    await expectNothingLeft();
  });

  test('does not harm the one that came second and waited for it, since only its own `after` was at fault', async () => {
    const { log, subscribe, follow } = gateway(1);
    const [refused, good] = await Promise.all([subscribe({ after: 'x' }), follow({ after: '0' })]);
    expect(codeOf(refused as ExecutionResult)).toBe('BAD_USER_INPUT');
    log.append();
    await until(() => good.got.length === 2);
    expect(good.got).toEqual(['1', '2']);
  });

  test('does not harm those whom it would have joined', async () => {
    const { log, subscribe, follow } = gateway();
    const good = await follow();
    expect(codeOf((await subscribe({ after: 'x' })) as ExecutionResult)).toBe('BAD_USER_INPUT');
    log.append();
    await until(() => good.got.length === 1);
    expect(log.counts.held).toBe(1);
  });

  test.each(['live', 'catch-up'])(
    'in the %s part by a fault of ours is masked and reported, and the next one works',
    async (faulty) => {
      const { log, report, subscribe, expectNothingLeft } = gateway();
      log.pause = async (place) => {
        if (place === faulty) throw new Error('secret');
      };
      const refused = (await subscribe()) as ExecutionResult;
      expect(codeOf(refused)).toBe('INTERNAL_SERVER_ERROR');
      expect(JSON.stringify(refused)).not.toContain('secret');
      expect(report.mock.calls).toEqual([[new Error('secret'), refused.errors?.[0]?.extensions.errorId]]);
      log.pause = async () => {};
      await expectNothingLeft();
    },
  );

  test('because the log cannot be held is thrown, and leaves nothing', async () => {
    const { log, subscribe, expectNothingLeft } = gateway();
    log.pause = () => Promise.reject(new Error('no database'));
    await expect(subscribe()).rejects.toThrow('no database');
    log.pause = async () => {};
    await expectNothingLeft();
  });
});

describe('when subscribers go', () => {
  test('the execution stays for those who remain, and ends with the last of them', async () => {
    const { log, follow, expectNothingLeft } = gateway();
    const [first, second] = [await follow(), await follow({ isDirect: true })];
    await first.results.return?.();
    expect(await first.ended).toBeUndefined();
    log.append();
    await until(() => second.got.length === 1);
    expect(first.got).toEqual([]);
    expect(log.counts).toMatchObject({ held: 1, live: 1 });
    await second.results.return?.();
    expect(await second.ended).toBeUndefined();
    await expectNothingLeft();
  });

  test('nothing is left of one that goes before it has read anything, or at its beginning', async () => {
    const { open, expectNothingLeft } = gateway(3);
    const [unread, begun] = [await open({ after: '0' }), await open({ after: '0' })];
    await begun.next();
    await Promise.all([unread.return?.(), begun.return?.()]);
    expect(await begun.next()).toEqual({ value: undefined, done: true });
    await expectNothingLeft();
  });

  test('nothing is left after the execution fails, and each subscriber gets the error', async () => {
    const { log, follow, expectNothingLeft } = gateway();
    const all = [await follow(), await follow({ isDirect: true })];
    const failure = new Error('broken');
    for (const stream of log.streams) stream.end(failure);
    for (const { ended } of all) expect(await ended).toBe(failure);
    await expectNothingLeft();
  });

  test('all subscribers are notified when the execution ends by itself', async () => {
    const { log, follow, expectNothingLeft } = gateway();
    const all = [await follow(), await follow({ isDirect: true })];
    log.append();
    await until(() => all.every(({ got }) => got.length === 1));
    for (const stream of log.streams) stream.end();
    for (const { ended } of all) expect(await ended).toBeUndefined();
    await expectNothingLeft();
  });
});

describe('warming', () => {
  test('holds the log until it is released, also where holding fails or takes long', async () => {
    const { log, shared } = gateway();
    const release = shared.warm();
    expect(log.counts.held).toBe(1);
    release();
    await until(() => log.counts.held === 0);
    log.pause = () => Promise.reject(new Error('no database'));
    shared.warm()();
    await until(() => log.counts.held === 0);
  });
});
