// The filter of lists and feeds: what it refuses, and what it lets through.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { eventStatuses } from '../../../src/domain/events/event.ts';
import {
  checkFeedFilter,
  checkFilter,
  type EventFilter,
} from '../../../src/domain/conditions/event-filter.ts';
import {
  type Filterable,
  filterMatches,
  matchesNothing,
} from '../../../src/domain/conditions/checked-filter.ts';

const refusal = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const uuids = [1, 2, 3].map((n) => `0195f000-0000-7000-8000-00000000000${n}`);
const id = fc.constantFrom(...uuids);
const name = fc.constantFrom('alpha', 'beta', 'gamma');
const topic = fc.constantFrom('a', 'a.b', 'a.c', 'b');
const time = fc.nat(4).map((n) => new Date(n * 1_000));

/** What only conditions look at. */
const unlisted = {
  hash: null,
  eventType: 'events.NormalType',
  senderType: null,
  nodeId: 'n',
  dependsOnId: null,
  retries: 0,
  updatedAt: new Date(0),
  startedAt: null,
  finishedAt: null,
  summary: {},
  payload: {},
};

const event: fc.Arbitrary<Filterable> = fc
  .record({
    id,
    topic,
    project: fc.option(name),
    user: fc.option(name),
    sender: fc.option(name),
    status: fc.constantFrom(...eventStatuses),
    requestId: name,
    description: fc.constantFrom('', 'One Two', 'two'),
    createdAt: time,
  })
  .map((item) => ({ ...unlisted, ...item }));

const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
/** Each condition by itself. */
const conditions = {
  ids: some(id),
  topics: some(fc.constantFrom('a', 'a.*', '*', '*b', 'c')),
  projects: some(name),
  users: some(name),
  senders: some(name),
  statuses: some(fc.constantFrom(...eventStatuses)),
  requestIds: some(name),
  createdAfter: time,
  createdBefore: time,
  text: fc.constantFrom('', 'one', 'TWO one', 'alpha', 'a.'),
};
const filter: fc.Arbitrary<EventFilter> = fc.record(conditions, { requiredKeys: [] });

const lists = ['ids', 'projects', 'users', 'senders', 'statuses', 'requestIds', 'topics'] as const;
/** Where a list looks in an event. */
const fieldOf = {
  ids: 'id',
  projects: 'project',
  users: 'user',
  senders: 'sender',
  statuses: 'status',
  requestIds: 'requestId',
  topics: 'topic',
} as const;

const matches = (given: EventFilter | null, item: Filterable) => filterMatches(checkFilter(given), item);
const at: Filterable = {
  ...unlisted,
  id: uuids[0]!,
  topic: 'github.push',
  project: 'alpha',
  user: null,
  sender: 'Builder-7',
  status: 'FINISHED',
  requestId: 'r',
  description: 'Großes 100% Paket\nfertig',
  createdAt: new Date(1_000),
};

describe('a filter', () => {
  test('lets through what each of its conditions lets through by itself', () => {
    fc.assert(
      fc.property(filter, event, (given, item) => {
        const singly = Object.entries(given).map(([key, value]) => matches({ [key]: value }, item));
        expect(matches(given, item)).toBe(singly.every(Boolean));
      }),
      { numRuns: 500 },
    );
  });

  test('lets a list through what any of its members lets through, and an empty one nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...lists), filter, event, (list, given, item) => {
        const members: readonly string[] = given[list] ?? [];
        const singly = members.map((member) => matches({ [list]: [member] }, item));
        expect(matches({ [list]: members }, item)).toBe(singly.some(Boolean));
        expect(matchesNothing(checkFilter({ [list]: members }))).toBe(members.length === 0);
      }),
    );
  });

  test.each(lists)('with %s selects by that field alone, and never one that is null', (list) => {
    fc.assert(
      fc.property(event, (item) => {
        const value = item[fieldOf[list]];
        if (value !== null) expect(matches({ [list]: [value] }, item)).toBe(true);
        const others = lists
          .map((other) => item[fieldOf[other]])
          .filter((other) => other !== value && other !== null);
        const elsewhere = list === 'ids' ? uuids.filter((other) => other !== value) : others;
        expect(matches({ [list]: elsewhere }, item)).toBe(false);
      }),
    );
  });

  test('that is absent, null or made of nulls lets everything through', () => {
    const nulls = Object.fromEntries(Object.keys(conditions).map((key) => [key, null]));
    fc.assert(
      fc.property(event, (item) => {
        for (const given of [null, {}, nulls]) expect(matches(given, item)).toBe(true);
      }),
    );
  });

  test('takes topics as patterns', () => {
    expect(matches({ topics: ['github.*'] }, at)).toBe(true);
    expect(matches({ topics: ['x', '*push'] }, at)).toBe(true);
    expect(matches({ topics: ['github'] }, at)).toBe(false);
    expect(() => checkFilter({ topics: ['a b'] })).toThrow(refusal('BAD_USER_INPUT', '^topics has "a b"'));
  });

  test('excludes the times that it names', () => {
    expect(matches({ createdAfter: new Date(999), createdBefore: new Date(1_001) }, at)).toBe(true);
    expect(matches({ createdAfter: at.createdAt }, at)).toBe(false);
    expect(matches({ createdBefore: at.createdAt }, at)).toBe(false);
  });

  test('knows an id however it is written, and names one that is none', () => {
    const [canonical = ''] = uuids;
    for (const written of [canonical.toUpperCase(), canonical.replaceAll('-', '')]) {
      expect(checkFilter({ ids: [written] }).ids).toEqual([canonical]);
    }
    expect(() => checkFilter({ ids: [canonical, 'nothing'] })).toThrow(
      refusal('BAD_USER_INPUT', '^ids "nothing" is not'),
    );
  });

  test('keeps each member of a list once', () => {
    expect(checkFilter({ projects: ['b', 'a', 'b'] }).projects).toEqual(['b', 'a']);
  });

  test('for what is exhausted is one for what has FAILED', () => {
    const statuses = (given: EventFilter) => checkFilter(given).statuses;
    expect(statuses({ exhausted: true })).toEqual(['FAILED']);
    expect(statuses({ exhausted: true, statuses: ['ABORTED', 'FAILED'] })).toEqual(['FAILED']);
    expect(statuses({ exhausted: true, statuses: ['ABORTED'] })).toEqual([]);
    expect(statuses({ exhausted: false, statuses: ['ABORTED'] })).toEqual(['ABORTED']);
    expect(statuses({ exhausted: false })).toBeNull();
  });

  test('takes lists up to the limit', () => {
    const full = Array.from({ length: limits.batchItems }, (_, n) => `p${n}`);
    expect(checkFilter({ projects: full }).projects).toHaveLength(limits.batchItems);
    const message = `^filter\\.projects has ${limits.batchItems + 1} items; at most ${limits.batchItems}`;
    expect(() => checkFilter({ projects: [...full, 'p0'] })).toThrow(refusal('LIMIT_EXCEEDED', message));
  });

  test.each(['projects', 'users', 'senders', 'requestIds'] as const)(
    'refuses names in %s that no event can have',
    (list) => {
      for (const impossible of ['', 'x'.repeat(limits.nameLength + 1), 'a\u0000', '\ud800']) {
        expect(() => checkFilter({ [list]: [impossible] })).toThrow(refusal('BAD_USER_INPUT', `^${list} `));
      }
    },
  );
});

describe('the words of a filter', () => {
  test.each([
    'push',
    'PUSH github',
    'alpha',
    'builder-7',
    'GROSSES'.replace('SS', 'ß'),
    '100%',
    'paket\tfertig',
    '  push  ',
    ' ',
  ])('%j are found in any of the texts, in any case', (text) => expect(matches({ text }, at)).toBe(true));

  test.each(['push nothing', '100_', 'pushalpha', 'null', uuids[0]!, 'FINISHED'])(
    '%j are not found',
    (text) => {
      expect(matches({ text }, at)).toBe(false);
    },
  );

  test('are 500 characters at most', () => {
    expect(checkFilter({ text: 'x'.repeat(limits.nameLength) }).words).toHaveLength(1);
    expect(() => checkFilter({ text: 'x'.repeat(limits.nameLength + 1) })).toThrow(
      refusal('BAD_USER_INPUT', '^text '),
    );
  });
});

describe('the filter of a feed', () => {
  test('cannot test for dependents or used-up retries, negated or not; every other one can', () => {
    for (const name of ['hasDependents', 'exhausted'] as const)
      for (const value of [true, false]) {
        expect(() => checkFeedFilter({ [name]: value })).toThrow(
          refusal('BAD_USER_INPUT', `^${name} cannot be used in a feed`),
        );
        expect(checkFilter({ [name]: value })[name]).toBe(value);
      }
    fc.assert(
      fc.property(filter, (given) => {
        expect(checkFeedFilter({ ...given, hasDependents: null, exhausted: null })).toEqual(
          checkFilter(given),
        );
      }),
    );
  });
});
