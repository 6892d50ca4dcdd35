// Events that are sent while calls wait for them: their jobs are written with them, for the waiting calls.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { EnrollInput } from '../../src/domain/jobs/enroll.ts';
import { countStatements, type CountingDatabase, describeDatabases } from '../support/database.ts';
import { type Composed, fresh, operationsOn, tester } from '../support/gateway.ts';
import { interrupted } from '../support/interrupted-database.ts';
import { enroll, enrollMany, pass, take, update } from './support.ts';

/** For waiting for facts: the end of this patience fails the test. */
const patience = { timeout: 20_000, interval: 5 };
/** What a call that found nothing asks before it waits: when it should look again. */
const lastLook = 'extract(epoch FROM ready_at - now())';
const makesJobs = 'INSERT INTO jobs';

describeDatabases('a source that is sent while a call waits', (backend) => {
  let database: CountingDatabase;
  let gateway: Composed;
  beforeAll(async () => {
    database = countStatements(interrupted(await backend.open(), { after: answeredTo }));
    gateway = await operationsOn(database);
  });
  afterAll(() => gateway.stop());

  const newAsk = () => ({
    sourceTopics: [fresh('source')],
    targetTopic: fresh('target'),
    waitMs: 60_000,
  });
  const send = (asked: Pick<EnrollInput, 'sourceTopics'>, input: object = {}) =>
    gateway.send({ topic: asked.sourceTopics![0]!, ...input });

  let onLooked = () => {};
  const answeredTo = (text: string) => {
    if (text.includes(lastLook)) onLooked();
    return undefined;
  };

  /** Begins to wait; resolves when it has looked and found nothing. */
  async function waiting<Got>(begin: () => Promise<Got>): Promise<{ readonly got: Promise<Got> }> {
    const looked = new Promise<void>((resolve) => (onLooked = resolve));
    const got = begin();
    await looked;
    await new Promise(setImmediate);
    database.statements.length = 0;
    return { got };
  }

  test('is one write with its job, and nothing is looked for or read', async () => {
    const asked = newAsk();
    const { got } = await waiting(() => enroll(gateway, asked));
    const id = await send(asked, { payload: { n: 1 } });
    const job = await got;
    expect(job).toMatchObject({ attempt: 1, source: { id, payload: { n: 1 } }, event: { dependsOnId: id } });
    const written = database.statements.filter((text) => text.includes('INSERT'));
    expect(written.map((text) => text.includes(makesJobs))).toEqual([false, true]);
    // The tail reads what was written.
    expect(database.statements.length).toBeLessThanOrEqual(3);
    expect((await gateway.read(job!.event.id)).requestId).toBe(id);
  });

  test('goes to waiting calls for different targets, a job each, with the same write', async () => {
    const asked = newAsk();
    const other = { ...asked, targetTopic: fresh('target') };
    const [one, two] = [
      await waiting(() => enroll(gateway, asked)),
      await waiting(() => enroll(gateway, other)),
    ];
    const id = await send(asked);
    expect([(await one.got)?.source!.id, (await two.got)?.source!.id]).toEqual([id, id]);
    expect(database.statements.filter((text) => text.includes(makesJobs))).toHaveLength(1);
  });

  test('has one job if calls of two consumers of one target wait for it', async () => {
    const asked = newAsk();
    const pattern = {
      ...asked,
      sourceTopics: [`${asked.sourceTopics[0]!}*`],
      targetTopic: asked.targetTopic,
    };
    const calls = [
      (await waiting(() => enroll(gateway, asked))).got,
      (await waiting(() => enroll(gateway, pattern))).got,
    ];
    const sources = [await send(asked), await send(asked)];
    const jobs = await Promise.all(calls);
    expect(jobs.map((job) => job!.source!.id).sort()).toEqual(sources.sort());
  });

  test('goes to one call in its number, where several are sent together and one call takes many', async () => {
    const asked = newAsk();
    const { got } = await waiting(() => enrollMany(gateway, asked, 100));
    const inputs = Array.from({ length: 5 }, () => ({ topic: asked.sourceTopics[0]! }));
    const { events } = await gateway.operations.sendEvents(tester, inputs);
    expect((await got).map(({ source }) => source!.id)).toEqual(events.map((event) => event!.id));
  });

  test('goes to one call as far as its answer has room for the sources, and to the next call from there on', async () => {
    const asked = newAsk();
    const payload = { pad: 'x'.repeat(1_000) };
    const bytes = JSON.stringify(payload).length + '{}'.length;
    const ask = () => gateway.operations.enroll(tester, { worker: 'worker', ...asked }, 100, 3 * bytes);
    const { got } = await waiting(ask);
    const inputs = Array.from({ length: 5 }, () => ({ topic: asked.sourceTopics[0]!, payload }));
    const { events } = await gateway.operations.sendEvents(tester, inputs);
    const claims = [await got];
    expect(database.statements.filter((text) => text.includes(makesJobs))).not.toEqual([]);
    while (claims.flat().length < inputs.length) claims.push(await ask());
    expect(claims.map(({ length }) => length)).toEqual([3, 2]);
    expect(claims.flat().map(({ source }) => source!.id)).toEqual(events.map((event) => event!.id));
    expect(claims[0]!.map(({ source }) => [source!.jsonBytes, source!.payload])).toEqual(
      Array.from({ length: 3 }, () => [bytes, payload]),
    );
  });

  test('waits behind a job that is ready for its next run', async () => {
    const asked = { ...newAsk(), leaseMs: 3_600_000 };
    await send(asked);
    const held = await take(gateway, asked);
    const { got } = await waiting(() => enroll(gateway, asked));
    // No call gets a job of it.
    await pass(gateway, held.event.id);
    const id = await send(asked);
    expect(await got).toMatchObject({ event: { id: held.event.id }, attempt: 2 });
    expect((await take(gateway, asked)).source!.id).toBe(id);
  });

  test('is not made twice: an event whose hash is known leaves waiting calls waiting', async () => {
    const asked = newAsk();
    const hash = fresh('hash');
    await gateway.send({ topic: 'elsewhere', hash });
    const { got } = await waiting(() => enroll(gateway, asked));
    await send(asked, { hash });
    await expect(send(asked, { dependsOn: '00000000-0000-7000-8000-000000000000' })).rejects.toThrow(
      'dependsOn',
    );
    const id = await send(asked);
    expect((await got)?.source!.id).toBe(id);
  });

  test('is for a consumer only if its filter matches, whatever the filter tests', async () => {
    const asked = newAsk();
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const filters = [
      { filter: { conditions: [{ key: 'payload/n', comparison: 'GT', value: 2 }] } },
      {
        filter: {
          conditions: [
            { key: 'createdAt', comparison: 'GT', value: since },
            { key: 'payload/n', value: 3 },
          ],
        },
      },
      { where: 'data.n == 3' },
      { ignoreSenderTypes: ['robot'] },
    ] as const;
    const calls = [];
    for (const filter of filters) {
      const own = { ...asked, ...filter, targetTopic: fresh('target') };
      calls.push((await waiting(() => enroll(gateway, own))).got);
    }
    await send(asked, { payload: { n: 1 }, senderType: 'robot' });
    const id = await send(asked, { payload: { n: 3 } });
    const jobs = await Promise.all(calls);
    expect(jobs.map((job) => job?.source?.id)).toEqual([id, id, id, id]);
  });

  test('comes in turn: the call that waits longest gets the first', async () => {
    const asked = newAsk();
    const first = await waiting(() => enroll(gateway, asked));
    const others = ['two', 'three'].map((worker) => enroll(gateway, { ...asked, worker }));
    const sources = [await send(asked), await send(asked), await send(asked)];
    const jobs = await Promise.all([first.got, ...others]);
    expect(jobs.map((job) => job!.source!.id)).toEqual(sources);
  });

  test('is not for calls that want one job at a time: those look for themselves', async () => {
    const asked = { ...newAsk(), sequential: true };
    const { got } = await waiting(() => enroll(gateway, asked));
    const [first, second] = [await send(asked), await send(asked)];
    const job = await got;
    expect(job!.source!.id).toBe(first);
    const next = enroll(gateway, asked);
    await update(gateway, job!, { status: 'FINISHED' });
    expect((await next)!.source!.id).toBe(second);
  });

  test('is there for others where the call has gone before it was written', async () => {
    const asked = newAsk();
    const leaving = new AbortController();
    const { got } = await waiting(() => enroll(gateway, asked, { ...tester, signal: leaving.signal }));
    const sending = send(asked);
    leaving.abort();
    const id = await sending;
    await got;
    const job = await vi.waitFor(() => take(gateway, { ...asked, waitMs: 0 }), patience);
    expect(job.source!.id).toBe(id);
  });

  test('is not missed by a call that came, without a look, while others waited', async () => {
    const asked = newAsk();
    const first = await waiting(() => enroll(gateway, asked));
    const second = enroll(gateway, asked);
    await new Promise(setImmediate);
    expect(database.statements).toEqual([]);
    const sources = [await send(asked), await send(asked)];
    expect([(await first.got)!.source!.id, (await second)!.source!.id]).toEqual(sources);
  });

  test('is found by a call that came while it was being written for another', async () => {
    const asked = newAsk();
    const first = await waiting(() => enroll(gateway, asked));
    const [sending, more] = [send(asked), send(asked)];
    const second = enroll(gateway, asked);
    expect([(await first.got)!.source!.id, (await second)!.source!.id].sort()).toEqual(
      [await sending, await more].sort(),
    );
  });

  test('is not overtaken by one that is sent after it', async () => {
    for (let times = 0; times < 10; times += 1) {
      const asked = newAsk();
      const { got } = await waiting(() => enroll(gateway, asked));
      const [first, second] = [send(asked), send(asked)];
      expect((await got)!.source!.id).toBe(await first);
      const next = enroll(gateway, asked);
      const third = await send(asked);
      expect((await next)!.source!.id).toBe(await second);
      expect((await take(gateway, asked)).source!.id).toBe(third);
    }
  });

  test('that comes to nothing leaves the waiting call at the front', async () => {
    const asked = newAsk();
    const hash = fresh('hash');
    await gateway.send({ topic: 'elsewhere', hash });
    const { got } = await waiting(() => enroll(gateway, asked));
    const second = enroll(gateway, asked);
    await send(asked, { hash });
    const sources = [await send(asked), await send(asked)];
    expect([(await got)!.source!.id, (await second)!.source!.id]).toEqual(sources);
  });

  test('may be any number, with any calls of any kind: each gets one job of each target, and nobody another’s', async () => {
    const kind = fc.constantFrom('plain', 'many', 'sticky', 'sequential', 'filtered', 'where');
    const step = fc.oneof(
      fc.record({ ask: kind, target: fc.nat(1) }),
      fc.record({ send: fc.integer({ min: 1, max: 4 }), together: fc.boolean() }),
      fc.record({ pause: fc.constant(true) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const topic = fresh('any');
        const targets = [fresh('target'), fresh('target')];
        const [calls, sends]: [
          Promise<readonly { source: { id: string } | null; event: { topic?: string } }[]>[],
          Promise<string[]>[],
        ] = [[], []];
        const leaving = new AbortController();
        const caller = { ...tester, signal: leaving.signal };
        const ask = (how: string, target: number) => {
          const asked = {
            ...{
              sourceTopics: [topic],
              targetTopic: targets[target]!,
              waitMs: 60_000,
              worker: fresh('worker'),
            },
            sticky: how === 'sticky',
            sequential: how === 'sequential',
            ...(how === 'filtered' && {
              filter: { conditions: [{ key: 'payload/n', comparison: 'GTE' as const, value: 0 }] },
            }),
            ...(how === 'where' && { where: 'data.n >= 0' }),
          };
          calls.push(enrollMany(gateway, asked, how === 'many' ? 3 : 1, caller));
        };
        const sendSome = async (count: number, together: boolean) => {
          const inputs = Array.from({ length: count }, (_, n) => ({ topic, payload: { n } }));
          if (!together) return Promise.all(inputs.map((input) => gateway.send(input)));
          const { events } = await gateway.operations.sendEvents(tester, inputs);
          return events.map((event) => event!.id);
        };
        for (const step of steps) {
          if ('ask' in step) ask(step.ask, step.target);
          else if ('send' in step) sends.push(sendSome(step.send, step.together));
          else await gateway.read(await gateway.send());
        }
        const sources = (await Promise.all(sends)).flat();
        // Calls that wait for more than there is end here, and the jobs that they were given at that moment are given back.
        await new Promise(setImmediate);
        leaving.abort();
        await Promise.all(calls);
        for (const targetTopic of targets) {
          // Until none is left: also those that were given back.
          await vi.waitFor(async () => {
            const left = { sourceTopics: [topic], targetTopic, waitMs: 0 };
            await enrollMany(gateway, left, 1_000);
            const text = 'SELECT depends_on AS id FROM events WHERE topic = $1';
            const jobs = await database.query<{ id: string }>({ text, values: [targetTopic] });
            expect(jobs.map(({ id }) => id).sort()).toEqual([...sources].sort());
          }, patience);
        }
      }),
      { numRuns: 30 },
    );
  });
});
