// The hub: its look-up finds exactly those whom asking everybody would find.
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { topicMatches } from '../../src/domain/events/topic.ts';
import { Hub, type Routed, type Selector, type Watcher } from '../../src/live/hub.ts';

const everything: Selector = { ids: null, requestIds: null, topics: null, projects: null };
const item = (given: Partial<Routed> = {}): Routed => ({
  id: 'i',
  requestId: 'r',
  topic: 't.a',
  project: 'p',
  ...given,
});

function selects(
  { ids, requestIds, topics, projects }: Selector,
  { id, requestId, topic, project }: Routed,
): boolean {
  return (
    (ids === null || ids.includes(id)) &&
    (requestIds === null || requestIds.includes(requestId)) &&
    (topics === null || topics.some((pattern) => topicMatches(pattern, topic))) &&
    (projects === null || (project !== null && projects.includes(project)))
  );
}

const key = fc.constantFrom('a', 'b', 'c');
const some = (values: fc.Arbitrary<string>) => fc.option(fc.array(values, { maxLength: 3 }), { freq: 2 });
const selector: fc.Arbitrary<Selector> = fc.record({
  ids: some(key),
  requestIds: some(key),
  topics: some(fc.oneof(key, fc.constantFrom('*', 'a*', '*.x', 'a.x'))),
  projects: some(key),
});
const routed: fc.Arbitrary<Routed> = fc.record({
  id: key,
  requestId: key,
  topic: fc.oneof(key, fc.constantFrom('a.x', 'b.x')),
  project: fc.option(key),
});

type Step =
  | { readonly kind: 'watch'; readonly selector: Selector; readonly parity: 0 | 1 | null }
  | { readonly kind: 'stop'; readonly which: number }
  | { readonly kind: 'publish'; readonly item: Routed };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('watch' as const),
      selector,
      parity: fc.constantFrom(0, 1, null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), which: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('publish' as const), item: routed }) },
);

describe('a hub', () => {
  test('gives every watcher exactly what a plain filter over all watchers would, once and in order, while they come and go', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const hub = new Hub<{ n: number; route: Routed }>(({ route }) => route);
        const watchers: {
          accepts: (item: { n: number; route: Routed }) => boolean;
          got: number[];
          expected: number[];
          stop: () => void;
          on: boolean;
        }[] = [];
        for (const [n, taken] of steps.entries()) {
          if (taken.kind === 'watch') {
            const got: number[] = [];
            // A condition that the look-up knows nothing of comes on top.
            const accepts = (asked: { n: number; route: Routed }) =>
              selects(taken.selector, asked.route) && (taken.parity === null || asked.n % 2 === taken.parity);
            const stop = hub.watch({
              selector: taken.selector,
              accepts,
              push: (pushed) => got.push(pushed.n),
            });
            watchers.push({ accepts, got, expected: [], stop, on: true });
          } else if (taken.kind === 'stop') {
            const watcher = watchers[taken.which % Math.max(1, watchers.length)];
            if (watcher) watcher.on = false;
            watcher?.stop();
          } else {
            const published = { n, route: taken.item };
            for (const watcher of watchers)
              if (watcher.on && watcher.accepts(published)) watcher.expected.push(n);
            hub.publish(published);
          }
        }
        expect(watchers.map(({ got }) => got)).toEqual(watchers.map(({ expected }) => expected));
      }),
      { numRuns: 500 },
    );
  });

  function watching(hub: Hub<Routed>, given: Partial<Selector>) {
    const chosen = { ...everything, ...given };
    const watcher = {
      selector: chosen,
      accepts: vi.fn((asked: Routed) => selects(chosen, asked)),
      push: vi.fn(),
    } satisfies Watcher<Routed>;
    return { ...watcher, stop: hub.watch(watcher) };
  }

  test.each([
    ['ids', { ids: ['other'], topics: ['*'] }],
    ['requests', { requestIds: ['other'], topics: ['t.a'], projects: ['p'] }],
    ['exact topics', { topics: ['t.b', 't.c'], projects: ['p'] }],
    ['projects', { topics: ['t.*'], projects: ['other'] }],
  ])('does not even ask a watcher of %s about what has another', (_what, given) => {
    const hub = new Hub<Routed>((routedItem) => routedItem);
    const watcher = watching(hub, given);
    hub.publish(item());
    hub.publish(item({ project: null }));
    expect(watcher.accepts).not.toHaveBeenCalled();
  });

  test('asks a watcher of several keys once about each item, and whoever watches all about everything', () => {
    const hub = new Hub<Routed>((routedItem) => routedItem);
    const several = watching(hub, { topics: ['t.a', 't.b', 't.a'] });
    const all = watching(hub, {});
    for (const topic of ['t.a', 't.b', 't.c']) hub.publish(item({ topic }));
    expect(several.push).toHaveBeenCalledTimes(2);
    expect(all.push).toHaveBeenCalledTimes(3);
  });

  test('can be left while it publishes, by the one that is given the item and by others', () => {
    const hub = new Hub<Routed>((routedItem) => routedItem);
    const got: string[] = [];
    const stops = ['first', 'second', 'third'].map((name) =>
      hub.watch({
        selector: { ...everything, topics: ['t.a'] },
        accepts: () => true,
        push: () => {
          got.push(name);
          if (name === 'first') for (const stop of stops.slice(0, 2)) stop();
        },
      }),
    );
    hub.publish(item());
    hub.publish(item());
    expect(got).toEqual(['first', 'third', 'third']);
  });

  test('may be left twice, without harm to others of the same key', () => {
    const hub = new Hub<Routed>((routedItem) => routedItem);
    const leaving = watching(hub, { ids: ['i'] });
    leaving.stop();
    const staying = watching(hub, { ids: ['i'] });
    leaving.stop();
    hub.publish(item());
    expect(leaving.push).not.toHaveBeenCalled();
    expect(staying.push).toHaveBeenCalledTimes(1);
  });
});
