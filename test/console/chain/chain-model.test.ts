// What the chain view computes: the tree, times, the critical path, groups, and the layout of the graph.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildTree,
  type ChainEvent,
  failedLeaves,
} from '../../../src/console/views/chains/model/chain-tree.ts';
import { criticalPath } from '../../../src/console/views/chains/model/critical-path.ts';
import { layOut, nodeHeight, nodeWidth } from '../../../src/console/views/chains/model/tidy-layout.ts';
import { axisTicks, timingOf } from '../../../src/console/views/chains/model/timing.ts';
import { rowsOf, showTree } from '../../../src/console/views/chains/model/visible-tree.ts';

const statuses = ['PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED', 'RESTARTED'] as const;

function event(id: string, parentId: string | null, rest: Partial<ChainEvent> = {}): ChainEvent {
  return {
    ...({ id, parentId, position: 1n, topic: 'step', status: 'FINISHED', nodeId: id, retries: 0 } as const),
    ...{ createdAt: 0, sendAt: null, startedAt: null, finishedAt: null, error: null },
    ...rest,
  };
}

/** Events in any order, each with an earlier one as its parent, or none. */
const forests = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat(), { nil: null, freq: 10 }),
      topic: fc.constantFrom('a', 'b', 'c'),
      status: fc.constantFrom(...statuses),
      createdAt: fc.nat(1_000),
      waits: fc.option(fc.nat(1_000), { nil: null }),
      runs: fc.option(fc.nat(1_000), { nil: null }),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .chain((items) => {
    const events = items.map(({ parent, topic, status, createdAt, waits, runs }, index) => {
      const startedAt = waits === null ? null : createdAt + waits;
      const parentId = parent === null || index === 0 ? null : String(parent % index);
      const finishedAt = runs === null ? null : (startedAt ?? createdAt) + runs;
      return event(String(index), parentId, { topic, status, createdAt, startedAt, finishedAt });
    });
    return fc.shuffledSubarray(events, { minLength: events.length });
  });

const nothing = { toggled: new Set<string>(), pinned: new Set<string>() };

describe('The tree of a chain', () => {
  test('has each event once, below its parent, and knows what is below it', () => {
    fc.assert(
      fc.property(forests, (events) => {
        const { byId, inOrder } = buildTree(events);
        expect(new Set(inOrder.map((node) => node.event.id))).toEqual(new Set(events.map(({ id }) => id)));
        expect(inOrder.length).toBe(events.length);
        for (const [index, node] of inOrder.entries()) {
          expect(node.parent?.event.id ?? null).toBe(node.event.parentId);
          const below = inOrder.slice(index + 1, index + 1 + node.countBelow);
          expect(below.every(({ depth }) => depth > node.depth)).toBe(true);
          expect(node.failedBelow).toBe(below.filter((each) => each.event.status === 'FAILED').length);
        }
        expect(byId.size).toBe(events.length);
      }),
    );
  });

  test('takes an event whose parent is of another request as a root', () => {
    expect(buildTree([event('1', 'elsewhere')]).roots.map((node) => node.event.id)).toEqual(['1']);
  });

  test('takes 10,000 events one below the other', () => {
    const events = Array.from({ length: 10_000 }, (_, index) =>
      event(String(index), index === 0 ? null : String(index - 1), { status: 'FAILED' }),
    );
    const tree = buildTree(events);
    expect(tree.roots[0]!.countBelow).toBe(9_999);
    expect(failedLeaves(tree).map((node) => node.event.id)).toEqual(['9999']);
    const rows = rowsOf(showTree(tree, nothing));
    expect(rows.at(-1)!.depth).toBe(9_999);
    expect(layOut(showTree(tree, nothing), 500).placed.length).toBe(500);
  });
});

describe('Times', () => {
  test('tell what an event waited from what it ran', () => {
    const done = timingOf(event('1', null, { createdAt: 100, startedAt: 130, finishedAt: 200 }), 900);
    expect(done).toMatchObject({ queueMs: 30, runMs: 70, endedAt: 200, isEnded: true });
    const running = timingOf(
      event('1', null, { status: 'IN_PROGRESS', createdAt: 100, startedAt: 130 }),
      900,
    );
    expect(running).toMatchObject({ queueMs: 30, runMs: 770, isEnded: false });
    const again = timingOf(event('1', null, { status: 'RESTARTED', createdAt: 100, startedAt: 130 }), 900);
    expect(again).toMatchObject({ queueMs: 800, runMs: 0 });
    const scheduled = timingOf(event('1', null, { status: 'PENDING', createdAt: 100, sendAt: 5_000 }), 900);
    expect(scheduled).toMatchObject({ queuedAt: 5_000, queueMs: 0, runMs: 0 });
  });

  test('a fact takes no time', () => {
    const fact = timingOf(event('1', null, { createdAt: 100, finishedAt: 100 }), 900);
    expect(fact).toMatchObject({ queueMs: 0, runMs: 0, isEnded: true });
  });

  test('the axis has round marks, and not more than there is room for', () => {
    expect(axisTicks(1_040, 6)).toEqual([0, 200, 400, 600, 800, 1_000]);
    expect(axisTicks(0, 6)).toEqual([0]);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (ms, most) => {
          const ticks = axisTicks(ms, most);
          expect(ticks.length).toBeLessThanOrEqual(most + 1);
          expect(ticks.at(-1)!).toBeLessThanOrEqual(ms);
        },
      ),
    );
  });
});

describe('The critical path', () => {
  test('leads to the event that ended last', () => {
    const tree = buildTree([
      event('root', null, { createdAt: 0, finishedAt: 0 }),
      event('quick', 'root', { createdAt: 1, startedAt: 2, finishedAt: 10 }),
      event('slow', 'root', { createdAt: 1, startedAt: 5, finishedAt: 50 }),
      event('after', 'slow', { createdAt: 50, startedAt: 70, finishedAt: 80 }),
    ]);
    const path = criticalPath(tree, 1_000);
    expect(path.nodes.map((node) => node.event.id)).toEqual(['root', 'slow', 'after']);
    expect(path).toMatchObject({ totalMs: 80, queueMs: 24 });
  });

  test('leads to what is still open, and there to what waits longest', () => {
    const tree = buildTree([
      event('root', null, { createdAt: 0, finishedAt: 0 }),
      event('late', 'root', { status: 'PENDING', createdAt: 9 }),
      event('early', 'root', { status: 'PENDING', createdAt: 3 }),
    ]);
    expect(criticalPath(tree, 1_000).nodes.map((node) => node.event.id)).toEqual(['root', 'early']);
  });

  test('is a line from a root, and its queue time is a part of its time', () => {
    fc.assert(
      fc.property(forests, (events) => {
        const tree = buildTree(events);
        const { nodes, totalMs, queueMs } = criticalPath(tree, 5_000);
        expect(nodes[0]!.parent).toBe(null);
        for (const [index, node] of nodes.entries())
          if (index > 0) expect(node.parent).toBe(nodes[index - 1]);
        const ends = tree.inOrder.map((node) => timingOf(node.event, 5_000).endedAt);
        expect(timingOf(nodes.at(-1)!.event, 5_000).endedAt).toBe(Math.max(...ends));
        expect(queueMs).toBeGreaterThanOrEqual(0);
        // Here a child may be older than its parent, whose wait then is longer than the path.
        if (nodes.every((node) => !node.parent || node.event.createdAt >= node.parent.event.createdAt))
          expect(queueMs).toBeLessThanOrEqual(totalMs);
      }),
    );
  });
});

describe('Groups', () => {
  const siblings = Array.from({ length: 5 }, (_, index) =>
    event(`row${index}`, 'root', { createdAt: index }),
  );
  const tree = buildTree([
    event('root', null),
    ...siblings,
    ...siblings.map(({ id }) => event(`write-${id}`, id, { topic: 'write' })),
    event('failed', 'root', { status: 'FAILED' }),
  ]);
  const shown = (showing: Partial<typeof nothing>) =>
    rowsOf(showTree(tree, { ...nothing, ...showing })).map(
      ({ depth, isGroup, members, topic }) =>
        `${depth} ${isGroup ? `${members.length} × ${topic}` : members[0]!.event.id}`,
    );

  test('hold siblings of one topic and status, and below them what they caused', () => {
    expect(shown({})).toEqual(['0 root', '1 failed', '1 5 × step', '2 5 × write']);
  });

  test('open into their members', () => {
    expect(shown({ toggled: new Set(['root/step:FINISHED']) }).slice(2, 5)).toEqual([
      '1 5 × step',
      '2 row0',
      '3 write-row0',
    ]);
  });

  test('leave out what is pinned', () => {
    expect(shown({ pinned: new Set(['row3']) }).slice(2)).toEqual([
      '1 row3',
      '2 write-row3',
      '1 4 × step',
      '2 4 × write',
    ]);
  });

  test('show each event once, whatever is open or pinned, unless it is below a closed one', () => {
    fc.assert(
      fc.property(forests, fc.array(fc.nat()), fc.array(fc.nat()), (events, opened, pins) => {
        const all = buildTree(events);
        const groups = rowsOf(showTree(all, nothing)).filter(({ isGroup }) => isGroup);
        const toggled = new Set(opened.flatMap((pick) => groups[pick % groups.length]?.key ?? []));
        const pinned = new Set(pins.map((pick) => String(pick % events.length)));
        const rows = rowsOf(showTree(all, { toggled, pinned }));
        // An open group is a row of its own above its members.
        const ids = rows
          .filter(({ isGroup, isOpen }) => !(isGroup && isOpen))
          .flatMap(({ members }) => members.map((member) => member.event.id));
        expect(ids.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
        expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
      }),
    );
  });
});

describe('The layout of the graph', () => {
  test('overlaps nothing, keeps the order of siblings, and puts a parent in the middle of its children', () => {
    fc.assert(
      fc.property(forests, (events) => {
        const { placed, width, height, omitted } = layOut(showTree(buildTree(events), nothing), 1_000);
        expect(omitted).toBe(0);
        const byKey = new Map(placed.map((each) => [each.node.key, each]));
        for (const column of new Set(placed.map(({ x }) => x))) {
          const tops = placed.filter(({ x }) => x === column).map(({ y }) => y);
          for (let index = 1; index < tops.length; index += 1)
            expect(tops[index]! - tops[index - 1]!).toBeGreaterThanOrEqual(nodeHeight);
        }
        for (const { node, x, y } of placed) {
          const below = node.children.map(({ key }) => byKey.get(key)!);
          for (const child of below) expect(child.x).toBeGreaterThanOrEqual(x + nodeWidth);
          if (below.length > 0) expect(y).toBeCloseTo((below[0]!.y + below.at(-1)!.y) / 2);
          expect(x + nodeWidth).toBeLessThanOrEqual(width);
          expect(y + nodeHeight).toBeLessThanOrEqual(height);
        }
      }),
    );
  });

  test('leaves out the most distant nodes beyond a limit, but keeps what it must', () => {
    fc.assert(
      fc.property(forests, fc.integer({ min: 1, max: 20 }), fc.nat(), (events, limit, pick) => {
        const roots = showTree(buildTree(events), nothing);
        const rows = rowsOf(roots);
        const kept = rows[pick % rows.length]!;
        const { placed, omitted } = layOut(roots, limit, (node) => node === kept);
        expect(placed.length).toBe(Math.min(limit, rows.length));
        expect(placed.length + omitted).toBe(rows.length);
        const nodes = new Set(placed.map(({ node }) => node));
        for (const { node } of placed) if (node.parent) expect(nodes.has(node.parent)).toBe(true);
        if (kept.depth < limit) expect(nodes.has(kept)).toBe(true);
      }),
    );
  });

  test('takes less than a second for all computations on 10,000 events', () => {
    const events = Array.from({ length: 10_000 }, (_, index) =>
      event(String(index), index === 0 ? null : String(Math.floor((index - 1) / 4)), {
        topic: `step-${index % 7}`,
        createdAt: index,
      }),
    );
    const begin = performance.now();
    const tree = buildTree(events);
    const roots = showTree(tree, nothing);
    rowsOf(roots);
    criticalPath(tree, 0);
    layOut(roots, 10_000);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});
