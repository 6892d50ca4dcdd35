// Shared subscriptions: one execution for many, and for each its own beginning without gap or repeat.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Direct } from '../../src/graphql/live/shared-subscriber.ts';
import { feed, gateway, positionOf, until } from './shared-gateway.ts';

describe('subscribers of the same operation and variables', () => {
  test('share one execution and one serialised payload of each change', async () => {
    const { log, open } = gateway();
    const texts: string[][] = [[], [], []];
    const all = await Promise.all(texts.map((got) => open({ direct: (text) => got.push(text) > 0 })));
    const reading = all.map((results) => results.next());
    await until(() => log.streams.size === 1);
    for (const description of ['first', 'second']) log.append(description);
    await until(() => texts.every(({ length }) => length === 2));
    expect(log.counts).toEqual({ held: 3, live: 1, executed: 2, serialised: 2 });
    expect(new Set(texts.map((got) => got.join()))).toHaveProperty('size', 1);
    expect(JSON.parse(texts[0]?.[1] ?? '').data.eventFeed).toMatchObject({
      position: '2',
      event: { description: 'second' },
    });
    await Promise.all(all.map((results) => results.return?.()));
    await Promise.all(reading);
  });

  test('are given the very same result where they read it themselves', async () => {
    const { log, open } = gateway();
    const all = [await open(), await open()];
    const reading = all.map((results) => results.next());
    log.append();
    const [one, other] = await Promise.all(reading);
    expect(one?.value).toBe(other?.value);
  });

  test('share again after an interruption, wherever each of them left off', async () => {
    const { log, follow } = gateway(3);
    const all = await Promise.all([follow({ after: '0' }), follow({ after: '2', isDirect: true }), follow()]);
    await until(() => all[0].got.length === 3 && all[1].got.length === 1);
    log.append();
    await until(() => all.every(({ got }) => got.at(-1) === '4'));
    expect(all.map(({ got }) => got.join())).toEqual(['1,2,3,4', '3,4', '4']);
    expect(log.counts.live).toBe(1);
  });

  test('do not share with those of another text, other variables or other scopes', async () => {
    const { log, open } = gateway();
    await Promise.all([open(), open({ text: `${feed} ` }), open({ scopes: ['events:read'] })]);
    await open({ text: feed.replaceAll('after', 'from').replace('from:', 'after:'), after: '0' });
    expect(log.counts.live).toBe(4);
    expect(log.streams.size).toBe(4);
  });
});

describe('each subscriber', () => {
  const plan = fc.record({
    after: fc.option(fc.nat(20)),
    isDirect: fc.boolean(),
    text: fc.constantFrom(feed, `${feed} `),
    leavesAfter: fc.option(fc.integer({ min: 1, max: 6 })),
  });

  test('gets exactly what came after it began, without a gap or a repeat, however the reading, the writing and the others interleave', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(plan, { minLength: 1, maxLength: 4 }),
        async (scheduler, plans) => {
          const { log, open, expectNothingLeft } = gateway(3);
          log.pause = (place) => scheduler.schedule(Promise.resolve(), place);
          scheduler.scheduleSequence(Array.from({ length: 8 }, () => async () => log.append()));

          const end = log.position + 9n;

          const opening = plans.map(async ({ after, text, isDirect, leavesAfter }) => {
            await scheduler.schedule(Promise.resolve(), 'comes');
            const earliest = log.position;
            const start = after === null ? null : BigInt(after) % (earliest + 1n);
            const got: bigint[] = [];
            const hasEnough = () => got.length === leavesAfter || got.at(-1) === end;
            const direct: Direct = (payload) => {
              got.push(BigInt(positionOf(JSON.parse(payload))));
              if (hasEnough()) results.return?.();
              return true;
            };
            const resuming = start === null ? {} : { after: String(start) };
            const results = await open({ text, ...resuming, ...(isDirect && { direct }) });
            return { results, got, hasEnough, from: [start ?? earliest, start ?? log.position] as const };
          });
          // The last change comes when all are there, so that each of them is due something.
          Promise.all(opening).then(() =>
            scheduler.schedule(Promise.resolve(), 'last').then(() => log.append()),
          );
          const reading = opening.map(async (opened) => {
            const { results, got, hasEnough, from } = await opened;
            while (!hasEnough()) {
              await scheduler.schedule(Promise.resolve(), 'reads');
              const step = await results.next();
              if (step.done) break;
              got.push(BigInt(positionOf(step.value)));
            }
            await results.return?.();
            const [first = 0n] = got;
            expect(hasEnough()).toBe(true);
            expect(first > from[0] && first <= from[1] + 1n).toBe(true);
            expect(got).toEqual(got.map((_, n) => first + BigInt(n)));
          });
          await scheduler.waitFor(Promise.all(reading));
          log.pause = async () => {};
          await expectNothingLeft();
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a subscriber that is direct', () => {
  test('is given results to read until it has caught up, and from then on their text', async () => {
    const { log, open } = gateway(2);
    const texts: string[] = [];
    const results = await open({ after: '0', direct: (text) => texts.push(text) > 0 });
    const read = async () => positionOf((await results.next()).value);
    expect(await read()).toBe('1');
    log.append();
    log.append();
    await until(() => log.counts.serialised === 2);
    expect([await read(), await read(), await read()]).toEqual(['2', '3', '4']);
    expect(texts).toEqual([]);
    const last = results.next();
    for (let n = 0; n < 2; n++) log.append();
    await until(() => texts.length === 2);
    expect(texts.map((text) => positionOf(JSON.parse(text)))).toEqual(['5', '6']);
    await results.return?.();
    expect(await last).toEqual({ value: undefined, done: true });
  });
});

describe('a change that is in no log', () => {
  test('reaches once whoever is there, after a beginning that was being read meanwhile', async () => {
    const { log, follow } = gateway(2);
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    log.pause = (place) => (place === 'missed' ? gate : Promise.resolve());
    const [late, direct] = [await follow({ after: '0' }), await follow({ isDirect: true })];
    log.publishTransient();
    await until(() => direct.got.length === 1);
    release();
    log.append();
    await until(() => direct.got.length === 2 && late.got.length === 4);
    expect(late.got).toEqual(['1', '2', 'null', '3']);
    expect(direct.got).toEqual(['null', '3']);
  });
});
