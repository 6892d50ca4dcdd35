// Positions follow commit order: who has read up to one never later finds a change at or below it, whoever writes.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { OnDuplicate } from '../../src/domain/events/send.ts';
import { type Backend, describeDatabases } from '../support/database.ts';
import { type Composed, operationsOn } from '../support/gateway.ts';

interface Write {
  readonly kind: 'send' | 'sendMany' | 'update' | 'delete';
  readonly target: number;
}

interface Written {
  readonly begun: number;
  readonly ended: number;
  readonly position: bigint;
}

const write: fc.Arbitrary<Write> = fc.record({
  kind: fc.constantFrom('send', 'send', 'sendMany', 'update', 'update', 'delete'),
  target: fc.nat(30),
});
const writers = fc.array(fc.array(write, { minLength: 10, maxLength: 20 }), { minLength: 4, maxLength: 6 });

/** Two gateways on Postgres, one on the embedded database. */
async function gatewaysOn(backend: Backend): Promise<Composed[]> {
  const databases = [await backend.open()];
  if (backend.kind === 'postgres') databases.push(await backend.openAnother());
  return Promise.all(databases.map((database) => operationsOn(database)));
}

describeDatabases('The log', (backend) => {
  let gateways: Composed[] = [];
  let readers: Database[] = [];
  beforeAll(async () => {
    gateways = await gatewaysOn(backend);
    readers =
      backend.kind === 'postgres'
        ? await Promise.all([backend.openAnother(), backend.openAnother()])
        : [gateways[0]!.database];
  });
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.stop())));

  const positionsAfter = async (database: Database, position: bigint) => {
    const text = 'SELECT position FROM log WHERE position > $1 ORDER BY position';
    return (await database.query<{ position: bigint }>({ text, values: [position] })).map(
      (row) => row.position,
    );
  };

  /** Reads on from where it is, again and again, until the writers are done. */
  async function poll(database: Database, from: bigint, isOver: () => boolean): Promise<bigint[]> {
    const seen: bigint[] = [];
    for (let last = false; ;) {
      seen.push(...(await positionsAfter(database, seen.at(-1) ?? from)));
      if (last) return seen;
      last = isOver();
    }
  }

  /** Makes its writes one after another, each to what any writer has made. */
  async function run(
    gateway: Composed,
    writes: readonly Write[],
    ids: string[],
    clock: { now: number },
  ): Promise<Written[]> {
    const { operations, caller } = gateway;
    const written: Written[] = [];
    for (const { kind, target } of writes) {
      const id = ids[target % Math.max(1, ids.length)];
      clock.now += 1;
      const begun = clock.now;
      const positions: bigint[] = [];
      if (kind === 'sendMany') {
        const { events } = await operations.sendEvents(
          caller,
          [1, 2, 3].map(() => ({ topic: 'a' })),
        );
        for (const event of events) {
          ids.push(event!.id);
          positions.push(event!.position!);
        }
      } else if (kind === 'send' || id === undefined) {
        const { event } = await operations.sendEvent(caller, { topic: 'a', finished: false });
        ids.push(event.id);
        positions.push(event.position!);
      } else if (kind === 'update') {
        const updated = await operations.updateEvent(caller, { id, result: begun }).catch(() => null);
        if (updated) positions.push(updated.position!);
      } else {
        await operations.deleteEvent(caller, id).catch(() => null);
      }
      clock.now += 1;
      written.push(...positions.map((position) => ({ begun, ended: clock.now, position })));
    }
    return written;
  }

  test('is read by everybody in the one order in which it was written, whoever writes meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(writers, async (plans) => {
        const from = (await positionsAfter(readers[0]!, 0n)).at(-1) ?? 0n;
        const query =
          'subscription ($after: Position) { eventFeed(after: $after) { position event { topic } } }';
        const feeds = await Promise.all(
          gateways.map((gateway) =>
            gateway.subscribe<{ eventFeed: { position: string; event: { topic: string } } }>(query),
          ),
        );
        let over = false;
        const polling = readers.map((reader) => poll(reader, from, () => over));
        const ids: string[] = [];
        const clock = { now: 0 };
        const done = await Promise.all(
          plans.map((writes, n) => run(gateways[n % gateways.length]!, writes, ids, clock)),
        );
        await gateways[0]!.send({ topic: 'last' });
        over = true;
        const whole = (await positionsAfter(readers[0]!, from)).map(String);
        for (const seen of await Promise.all(polling)) expect(seen.map(String)).toEqual(whole);
        for (const feed of feeds) {
          const changes = await feed.until(({ eventFeed }) => eventFeed.event.topic === 'last');
          expect(changes.map(({ eventFeed }) => eventFeed.position)).toEqual(whole);
          feed.stop();
        }
        // What was answered before another was asked for stands before it.
        const written = done.flat();
        for (const a of written)
          for (const b of written) if (a.ended < b.begun) expect(a.position < b.position).toBe(true);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test('has one event for each hash, whichever gateways are asked at once to do what with a second one', async () => {
    const choices = fc.array(fc.constantFrom<OnDuplicate>('RETURN', 'FAIL', 'REPLACE'), {
      minLength: 2,
      maxLength: 12,
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(choices, async (sends) => {
        const hash = `race ${(round += 1)}`;
        const settled = await Promise.allSettled(
          sends.map((onDuplicate, n) => {
            const { operations, caller } = gateways[n % gateways.length]!;
            return operations.sendEvent(caller, { topic: `t${n}`, hash, onDuplicate, payload: { n } });
          }),
        );
        const [{ operations, database }] = gateways as [Composed];
        const rows = await database.query<{ id: string }>({
          text: 'SELECT id FROM events WHERE hash = $1',
          values: [hash],
        });
        expect(rows).toHaveLength(1);
        const { id } = rows[0]!;
        const outcomes = settled.map((outcome) =>
          outcome.status === 'fulfilled' ? outcome.value : outcome.reason,
        );
        expect(outcomes.filter(({ duplicate }) => duplicate === false)).toHaveLength(1);
        for (const [n, outcome] of outcomes.entries()) {
          if (outcome.event) expect(outcome.event.id).toBe(id);
          else
            expect([sends[n], outcome.code, outcome.details]).toEqual([
              'FAIL',
              'DUPLICATE_HASH',
              { eventId: id },
            ]);
        }
        const event = (await operations.eventsByIds([id], ['topic', 'payload'])).get(id);
        const writer = (event?.payload as { n: number }).n;
        expect(event?.topic).toBe(`t${writer}`);
        expect(sends[writer] === 'REPLACE' || outcomes[writer].duplicate === false).toBe(true);
        if (sends.some((choice, n) => choice === 'REPLACE' && outcomes[n].duplicate))
          expect(sends[writer]).toBe('REPLACE');
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});
