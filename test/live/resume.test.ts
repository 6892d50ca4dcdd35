// Watching again from any position: exactly what an uninterrupted feed goes on with, without a gap or a repeat.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChangeKind, type EventStatus, eventStatuses } from '../../src/domain/events/event.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { describeDatabases } from '../support/database.ts';
import { type Composed, composedOnce } from '../support/gateway.ts';
import type { Reader } from '../support/reader.ts';

interface Change {
  readonly position: string;
  readonly kind: ChangeKind;
  readonly status: EventStatus;
  readonly event: { readonly id: string };
}
type Feed = Reader<{ readonly eventFeed: Change }>;

interface Entry extends Omit<Change, 'event'> {
  readonly id: string;
  readonly topic: string;
  readonly project: string | null;
  readonly requestId: string;
}

interface Step {
  readonly kind: 'send' | 'status' | 'content' | 'delete';
  readonly topic: string;
  readonly project: string | null;
  readonly requestId: string;
  readonly target: number;
  readonly status: EventStatus;
}

const topics = ['a', 'a.b', 'b.c'];
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('send', 'send', 'status', 'status', 'content', 'delete'),
  topic: fc.constantFrom(...topics),
  project: fc.option(fc.constantFrom('p', 'q')),
  requestId: fc.constantFrom('r', 's'),
  target: fc.nat(20),
  status: fc.constantFrom(...eventStatuses),
});
const steps = fc.array(step, { minLength: 5, maxLength: 25 });
const some = <T>(...items: T[]) => fc.option(fc.uniqueArray(fc.constantFrom(...items), { minLength: 1 }));

/** Every list also holds what the last change has, by which the end of a feed is known. */
const watching = fc.record({
  topics: some('a', 'a.*', '*.c', '*'),
  projects: some('p', 'q'),
  requestIds: some('r', 's'),
  ids: fc.option(fc.array(fc.nat(20), { maxLength: 6 }), { freq: 2 }),
  statuses: some<EventStatus>('PENDING', 'IN_PROGRESS', 'FAILED'),
  kinds: some<ChangeKind>('CREATED', 'UPDATED', 'DELETED'),
  cut: fc.double({ min: 0, max: 1, noNaN: true }),
  startsAt: fc.double({ min: 0, max: 1, noNaN: true }),
});
type Watching = typeof watching extends fc.Arbitrary<infer Plan> ? Plan : never;

const query = `subscription ($filter: EventFilter, $kinds: [ChangeKind!], $after: Position) {
  eventFeed(filter: $filter, kinds: $kinds, after: $after) { position kind status event { id } } }`;

/** Makes the change that a step tells of, where it can be made. */
async function make(
  { operations, caller }: Composed,
  { kind, target, status, ...content }: Step,
  ids: string[],
) {
  const id = ids[target % Math.max(1, ids.length)];
  if (kind === 'send' || id === undefined) {
    const { event } = await operations.sendEvent(caller, { ...content, finished: target % 2 === 0 });
    ids.push(event.id);
    return;
  }
  const change = { status: { status }, content: { project: content.project ?? 'z' }, delete: null }[kind];
  const made = change
    ? operations.updateEvent(caller, { id, ...change })
    : operations.deleteEvent(caller, id);
  await made.catch(() => null);
}

const entriesAfter = ({ database }: Composed, position: string) => {
  const text = `SELECT position::text, kind, status, event_id AS id, topic, project, request_id AS "requestId"
    FROM log WHERE position > $1 ORDER BY log.position`;
  return database.query<Entry>({ text, values: [position] });
};

function isWanted(
  entry: Entry,
  { ids, projects, requestIds, topics, statuses }: EventFilter,
  kinds: readonly ChangeKind[] | null,
): boolean {
  const like = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(entry.topic);
  return (
    (kinds === null || kinds.includes(entry.kind)) &&
    (ids?.includes(entry.id) ?? true) &&
    (projects?.includes(entry.project ?? '') ?? true) &&
    (requestIds?.includes(entry.requestId) ?? true) &&
    (statuses?.includes(entry.status) ?? true) &&
    (topics?.some(like) ?? true)
  );
}

const shown = ({ position, kind, status }: Entry | Change) => `${position} ${kind} ${status}`;

describeDatabases('A feed', (backend) => {
  const gateway = composedOnce(backend);
  const subscribe = (variables: object) =>
    gateway().subscribe<{ eventFeed: Change }>(query, { ...variables });

  /** The event whose end is the last change of a run. */
  async function begin() {
    const last = await gateway().send({ topic: 'last', project: 'last', requestId: 'last', finished: false });
    const { position } = await gateway().read(last);
    const finish = () => gateway().operations.updateEvent(gateway().caller, { id: last, status: 'FINISHED' });
    const rest = async (feed: Feed) => {
      const changes = await feed.until(
        ({ eventFeed }) => eventFeed.event.id === last && eventFeed.status === 'FINISHED',
      );
      feed.stop();
      return changes.map(({ eventFeed }) => shown(eventFeed));
    };
    const filterOf = (
      { topics, projects, requestIds, ids, statuses }: Watching,
      known: readonly string[],
    ): EventFilter => ({
      topics: topics && [...topics, 'last'],
      projects: projects && [...projects, 'last'],
      requestIds: requestIds && [...requestIds, 'last'],
      ids: ids && [...ids.flatMap((n) => known[n] ?? []), last],
      statuses: statuses && [...statuses, 'FINISHED'],
    });
    return { last, start: String(position), finish, rest, filterOf };
  }

  test('taken up after any position goes on as the uninterrupted one does, while changes go on and after they ended', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        steps,
        fc.array(watching, { minLength: 6, maxLength: 6 }),
        async (before, during, plans) => {
          const { last, start, finish, rest, filterOf } = await begin();
          const uninterrupted = await subscribe({});
          const ids: string[] = [];
          for (const step of before) await make(gateway(), step, ids);
          const resumed: { after: string; filter: EventFilter; kinds: ChangeKind[] | null; feed: Feed }[] =
            [];
          const resume = async (plan: Watching) => {
            const entries = (await entriesAfter(gateway(), start)).filter(({ id }) => id !== last);
            const past = [start, ...entries.map(({ position }) => position)];
            const after = past[Math.floor(plan.cut * (past.length - 1))]!;
            const filter = filterOf(plan, ids);
            const kinds = plan.kinds && [...plan.kinds, 'STATUS' as const];
            resumed.push({ after, filter, kinds, feed: await subscribe({ after, filter, kinds }) });
          };
          const pending: Promise<void>[] = [];
          for (const [n, step] of during.entries()) {
            for (const plan of plans)
              if (Math.floor(plan.startsAt * during.length) === n) pending.push(resume(plan));
            await make(gateway(), step, ids);
          }
          await finish();
          await Promise.all([...pending, ...plans.map(resume)]);
          const whole = await entriesAfter(gateway(), start);
          expect(await rest(uninterrupted)).toEqual(whole.map(shown));
          for (const { after, filter, kinds, feed } of resumed) {
            const expected = whole.filter(
              (entry) => BigInt(entry.position) > BigInt(after) && isWanted(entry, filter, kinds),
            );
            expect({ after, filter, kinds, changes: await rest(feed) }).toEqual({
              after,
              filter,
              kinds,
              changes: expected.map(shown),
            });
          }
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test.each([
    ['everything', {}],
    ['some topics', { topics: ['many.1', 'last', 'none'] }],
    ['a pattern', { topics: ['*1', 'last'] }],
  ])('catches up with thousands of changes of %s', async (_what, filter) => {
    const { start, finish, rest } = await begin();
    const inputs = Array.from({ length: 2_500 }, (_, n) => ({ topic: `many.${n % 2}` }));
    await gateway().operations.sendEvents(gateway().caller, inputs);
    const early = await subscribe({ after: start, filter });
    await finish();
    const late = await subscribe({ after: start, filter });
    const expected = (await entriesAfter(gateway(), start))
      .filter((entry) => isWanted(entry, filter, null))
      .map(shown);
    expect(await rest(early)).toEqual(expected);
    expect(await rest(late)).toEqual(expected);
  });

  test('is refused after a position that is not in the log', async () => {
    const { start } = await begin();
    const beyond = String(BigInt(start) + 1_000_000n);
    for (const after of [beyond, '9999999999999999999'])
      await expect(subscribe({ after })).rejects.toThrow(/after/);
  });

  describe('that is not read', () => {
    test('ends with SLOW_SUBSCRIBER and its last position, from where it goes on without a gap or a repeat', async () => {
      const { start, finish, rest } = await begin();
      const { parse } = await import('graphql');
      const text = `subscription ($after: Position) { eventFeed(after: $after) { position kind status event { id description } } }`;
      const results = await gateway().sharedSubscriptions.subscribe({
        document: parse(text),
        variables: { after: start },
        caller: gateway().caller,
      });
      if (!(Symbol.asyncIterator in results)) throw new Error('it was refused');
      const first = await Promise.all([results.next(), gateway().send()]);
      const seen = [first[0].value.data.eventFeed.position as string];
      const description = 'x'.repeat(10_000);
      const inputs = Array.from({ length: 600 }, () => ({ topic: 'big', description }));
      await gateway().operations.sendEvents(gateway().caller, inputs);
      const control = await subscribe({ after: start });
      await finish();
      // Whoever is not slow has everything now, so that the slow one has overflowed.
      const whole = await rest(control);
      let failure: { code?: string; details?: { position: string } } = {};
      try {
        for await (const { data } of results) seen.push((data as { eventFeed: Change }).eventFeed.position);
      } catch (error) {
        failure = error as typeof failure;
      }
      expect(failure).toMatchObject({ code: 'SLOW_SUBSCRIBER', details: { position: seen.at(-1) } });
      const resumed = await rest(await subscribe({ after: failure.details?.position }));
      expect([...seen, ...resumed.map((change) => change.split(' ')[0])]).toEqual(
        whole.map((change) => change.split(' ')[0]),
      );
    });
  });
});
