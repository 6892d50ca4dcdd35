// A request's chain, summarised: compared with the definitions on random forests.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { summarizeChain } from '../../../src/domain/events/chain.ts';
import { type EventStatus, eventStatuses } from '../../../src/domain/events/event.ts';

interface Node {
  readonly id: string;
  readonly dependsOnId: string | null;
  readonly status: EventStatus;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

const at = (second: number) => new Date(Date.UTC(2025, 0, 1, 0, 0, second));
const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);

function node(
  id: string,
  dependsOnId: string | null,
  status: EventStatus,
  created = 0,
  finished: number | null = null,
): Node {
  return {
    id,
    dependsOnId,
    status,
    createdAt: at(created),
    finishedAt: finished === null ? null : at(finished),
  };
}

/** Parents before children: each depends on an earlier one, on an event of another request, or on none. */
const forest = fc
  .array(
    fc.record({
      parent: fc.integer({ min: -2, max: 30 }),
      status: fc.constantFrom(...eventStatuses),
      created: fc.nat(50),
      finished: fc.option(fc.nat(50)),
    }),
    { maxLength: 15 },
  )
  .map((drawn) =>
    drawn.map(({ parent, status, created, finished }, index) => {
      const dependsOnId =
        parent === -2 ? null : parent === -1 || index === 0 ? 'elsewhere' : `n${parent % index}`;
      return node(`n${index}`, dependsOnId, status, created, finished);
    }),
  );

function below(events: readonly Node[], id: string): Node[] {
  const children = events.filter((event) => event.dependsOnId === id);
  return children.flatMap((child) => [child, ...below(events, child.id)]);
}

describe('a chain', () => {
  test('has as roots the events whose parent is none of its own', () => {
    fc.assert(
      fc.property(forest, (events) => {
        const known = new Set(ids(events));
        const expected = events.filter(({ dependsOnId }) => dependsOnId === null || !known.has(dependsOnId));
        expect(summarizeChain(events).roots).toEqual(expected);
      }),
    );
  });

  test('has as failed leaves the failed events with no failed event anywhere below', () => {
    fc.assert(
      fc.property(forest, (events) => {
        const expected = events.filter(
          ({ id, status }) =>
            status === 'FAILED' && !below(events, id).some((event) => event.status === 'FAILED'),
        );
        expect(summarizeChain(events).failedLeaves).toEqual(expected);
      }),
    );
  });

  test('counts each status that occurs, and all of its events', () => {
    fc.assert(
      fc.property(forest, (events) => {
        const { countByStatus } = summarizeChain(events);
        for (const { status, count } of countByStatus) {
          expect(count).toBe(events.filter((event) => event.status === status).length);
          expect(count).toBeGreaterThan(0);
        }
        expect(countByStatus.reduce((sum, { count }) => sum + count, 0)).toBe(events.length);
      }),
    );
  });

  test('began with its first event, and has ended when all have, with the last', () => {
    fc.assert(
      fc.property(forest, (events) => {
        const { startedAt, finishedAt } = summarizeChain(events);
        const created = events.map((event) => event.createdAt.getTime());
        const ended = events.map((event) => (event.finishedAt ?? event.createdAt).getTime());
        const open = events.some(({ status }) => ['PENDING', 'IN_PROGRESS', 'RESTARTED'].includes(status));
        expect(startedAt?.getTime()).toBe(events.length === 0 ? undefined : Math.min(...created));
        expect(finishedAt?.getTime()).toBe(open || events.length === 0 ? undefined : Math.max(...ended));
      }),
    );
  });

  test('points past an intermediate failure to the deepest one, also through events that did not fail', () => {
    const { roots, failedLeaves, finishedAt } = summarizeChain([
      node('root', null, 'FAILED', 0, 9),
      node('aside', 'root', 'FAILED', 1, 2),
      node('fine', 'root', 'FINISHED', 1, 3),
      node('deep', 'fine', 'FAILED', 2, 4),
      node('stopped', 'deep', 'ABORTED', 3, 5),
    ]);
    expect(ids(roots)).toEqual(['root']);
    expect(ids(failedLeaves)).toEqual(['aside', 'deep']);
    expect(finishedAt).toEqual(at(9));
  });

  test('without events has nothing', () => {
    expect(summarizeChain([])).toEqual({
      roots: [],
      countByStatus: [],
      failedLeaves: [],
      startedAt: null,
      finishedAt: null,
    });
  });
});
