// What jobs ask of the database: few statements, by index, and nothing that grows with what has been.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Statement } from '../../src/database/database.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn } from '../support/gateway.ts';
import { lookUps, type Plan, plansOf, recording, wholeReads } from '../support/plans.ts';
import { correct, enroll, enrollMany, pass, take, update } from './support.ts';

describeDatabases('the statements of jobs', (backend) => {
  const gateway = composedOnce(backend);

  /** Those that a step takes, by a gateway that asks nothing else. */
  async function counted(
    step: (alone: Composed) => Promise<unknown>,
    before?: (alone: Composed) => Promise<unknown>,
  ) {
    const database = countStatements(gateway().database);
    const alone = await operationsOn(database, { onCommit: () => {} });
    await before?.(alone);
    database.statements.length = 0;
    await step(alone);
    // Positions are saved by a timer, once a second, whatever is asked meanwhile.
    const { length } = database.statements.filter(
      (text) => !/^UPDATE consumer_positions\b/.test(text.trim()),
    );
    await alone.stop();
    return length;
  }

  const newAsk = () => ({ sourceTopics: [fresh('source')], targetTopic: fresh('target') });

  async function sources(topic: string, count: number): Promise<void> {
    const inputs = Array.from({ length: count }, () => ({ topic }));
    await gateway().operations.sendEvents(gateway().caller, inputs);
  }

  test('of a call that finds nothing are two', async () => {
    const asked = newAsk();
    const ask = (alone: Composed) => enroll(alone, asked);
    expect(await counted(ask, ask)).toBe(2);
  });

  test('of a claim are three, for one job as for a thousand', async () => {
    for (const count of [1, 1_000]) {
      const asked = newAsk();
      const step = async (alone: Composed) =>
        expect(await enrollMany(alone, asked, count)).toHaveLength(count);
      await sources(asked.sourceTopics[0]!, count);
      const opened = async (alone: Composed) =>
        enroll(alone, { ...asked, targetTopic: `${asked.targetTopic}x` });
      // Besides, the first call of a consumer opens its consumer.
      expect(await counted(step, opened)).toBeLessThanOrEqual(3 + 3);
    }
  });

  test('of claims out of what was read ahead are one, for twenty callers at once', async () => {
    const asked = newAsk();
    await sources(asked.sourceTopics[0]!, 50);
    const readingAhead = async (alone: Composed) => expect(await enroll(alone, asked)).not.toBeNull();
    const claiming = async (alone: Composed) => {
      const jobs = await Promise.all(Array.from({ length: 20 }, () => enroll(alone, asked)));
      expect(new Set(jobs.map((job) => job?.source?.id)).size).toBe(20);
    };
    expect(await counted(claiming, readingAhead)).toBe(1);
  });

  test('of claiming what is ready again are two, for one job as for a hundred', async () => {
    for (const count of [1, 100]) {
      const asked = newAsk();
      await sources(asked.sourceTopics[0]!, count);
      for (const job of await enrollMany(gateway(), asked, count)) await pass(gateway(), job.event.id);
      const step = async (alone: Composed) =>
        expect(await enrollMany(alone, asked, count)).toHaveLength(count);
      // Besides, the first call at a gateway opens the consumer.
      expect(await counted(step)).toBe(2 + 1);
    }
  });

  test('of a hundred heartbeats at once are one', async () => {
    const asked = newAsk();
    await sources(asked.sourceTopics[0]!, 100);
    const jobs = await enrollMany(gateway(), asked, 100);
    const beat = ({ operations }: Composed) =>
      Promise.all(jobs.map(({ event, attempt }) => operations.extendLease(event.id, attempt, null)));
    expect(await counted(beat)).toBe(1);
  });

  test('of calls of one way of asking at once are as many as of one', async () => {
    const asked = newAsk();
    await sources(asked.sourceTopics[0]!, 20);
    const step = async (alone: Composed) => {
      const jobs = await Promise.all(Array.from({ length: 20 }, () => enroll(alone, asked)));
      expect(jobs.filter((job) => job !== null)).toHaveLength(20);
    };
    expect(await counted(step)).toBeLessThanOrEqual(3 + 3);
  });
});

/** Sources, most of them with a finished job, as entries of the log; and other topics between them. */
async function insertHistory({ database }: Composed, count: number): Promise<void> {
  const id = (kind: number) => `('0000000${kind}-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
  const columns =
    'id, position, created_position, topic, event_type, request_id, node_id, status, created_at, updated_at';
  await database.query({
    text: `WITH n AS (SELECT n FROM generate_series(1, $1::int) AS n), sources AS (
        INSERT INTO events (${columns})
        SELECT ${id(1)}, 4 * n, 4 * n, 'topic.' || n % 7, 't', ${id(1)}, ${id(1)}, 'FINISHED', now(), now() FROM n)
      INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
      SELECT 4 * n, ${id(1)}, 'CREATED', 'FINISHED', now(), 'topic.' || n % 7, ${id(1)}, ${id(1)} FROM n`,
    values: [count],
  });
  await database.query({
    text: `WITH n AS (SELECT n FROM generate_series(1, $1::int) AS n), made AS (
        INSERT INTO events (${columns}, depends_on, job)
        SELECT ${id(2)}, 4 * n + 1, 4 * n + 1, 'target', 't', ${id(1)}, ${id(2)},
          (CASE WHEN n % 10 = 0 THEN 'PENDING' ELSE 'FINISHED' END)::event_status, now(), now(), ${id(1)}, true
        FROM n WHERE n % 4 > 0)
      INSERT INTO jobs (event_id, source_id, position, source_position, ready_at, attempt, max_retries, retry_delay_ms,
        lease_ms, last_run, target, consumer, worker)
      SELECT ${id(2)}, ${id(1)}, 4 * n + 1, 4 * n, CASE WHEN n % 10 = 0 THEN now() + n % 3 * interval '1 minute' END, 1, 3, 0,
        60000, n % 30 = 0, 'target', 'w', CASE WHEN n % 10 = 0 THEN 'worker-' || n % 5 END
      FROM n WHERE n % 4 > 0`,
    values: [count],
  });
  await database.query({ text: `SELECT setval('log_positions', $1::int8)`, values: [4 * count + 4] });
}

describePostgres('the plans of jobs', (backend) => {
  const gateway = composedOnce(backend);
  beforeAll(() => insertHistory(gateway(), 3_000));

  type Steps = (alone: Composed) => Promise<unknown>;
  const asked = (more: object = {}) => ({ sourceTopics: ['topic.1'], targetTopic: fresh('target'), ...more });
  const busy = { sourceTopics: ['topic.1', 'topic.2'], targetTopic: 'target', worker: 'worker-0' };
  const filter = { conditions: [{ key: 'payload/a', value: 1 }] };

  const all: [string, Steps][] = [
    ['a claim', (alone) => enrollMany(alone, asked(), 10)],
    ['a claim from several topics', (alone) => enrollMany(alone, busy, 10)],
    ['a claim by a pattern', (alone) => enrollMany(alone, asked({ sourceTopics: ['topic.*', 'x*'] }), 10)],
    ['a claim by any topic', (alone) => enrollMany(alone, asked({ sourceTopics: ['*'] }), 10)],
    ['a search through a filter', (alone) => enroll(alone, asked({ filter, ignoreSenderTypes: ['x'] }))],
    ['a search of what is young', (alone) => enroll(alone, asked({ ignoreOlderThanDays: 1 }))],
    ['a sequential claim', (alone) => enroll(alone, asked({ sequential: true }))],
    ['a sequential call that has to wait', (alone) => enroll(alone, { ...busy, sequential: true })],
    ['a sticky claim', (alone) => enrollMany(alone, { ...busy, sticky: true }, 10)],
    [
      'a call that waits',
      (alone) => enroll(alone, { ...busy, targetTopic: 'none', sourceTopics: ['none'], waitMs: 20 }),
    ],
    ['a sweep', (alone) => alone.jobs.sweep()],
    [
      'a job’s life',
      async (alone) => {
        const input = asked({ retryDelayMs: 0 });
        const job = await take(alone, input);
        await alone.operations.extendLease(job.event.id, 1, null);
        await alone.operations.leasesOf([job.event.id]);
        await update(alone, job, { status: 'FAILED' });
        const again = await take(alone, { ...input, sequential: true });
        await alone.operations.releaseJob(alone.caller, job.event.id, again.attempt);
        await correct(alone, job.event.id, { status: 'ABORTED' });
        await alone.operations.deleteEvent(alone.caller, job.event.id);
      },
    ],
  ];

  /** Everything that these steps ask, with the plan for the values given and the one that is kept. */
  async function plansOfSteps(steps: Steps): Promise<[Statement, Plan][]> {
    const { database, statements } = recording(gateway().database);
    const alone = await operationsOn(database);
    await steps(alone);
    await alone.stop();
    expect(statements).not.toEqual([]);
    const plans: [Statement, Plan][] = [];
    for (const statement of statements) {
      for (const plan of await plansOf(gateway().database, statement)) plans.push([statement, plan]);
    }
    return plans;
  }

  async function expectByIndex(steps: Steps): Promise<void> {
    // What makes a consumer counts them, once for each; there is a limit to their number.
    const plans = (await plansOfSteps(steps)).filter(
      ([{ text }]) => !text.trim().includes('INSERT INTO consumers '),
    );
    const wrong = plans.flatMap(([{ text }, plan]) =>
      wholeReads(plan).map((what) => `${what}: ${text.slice(0, 80)}`),
    );
    expect(wrong).toEqual([]);
    // Whether a source has a job already is asked of the one index that knows, source by source.
    for (const [{ text }, plan] of plans.filter(([{ text }]) =>
      /x\.depends_on = .* AND x\.topic = /.test(text),
    )) {
      expect([text.slice(0, 40), lookUps(plan)]).toEqual([
        expect.any(String),
        expect.arrayContaining([expect.stringMatching(/^events_job_key \(\(depends_on = .* AND \(topic = /)]),
      ]);
    }
  }

  describe('on a young database', () => {
    test.each(all)('of %s go by index', (_what, steps) => expectByIndex(steps));
  });

  describe('with statistics', () => {
    beforeAll(() => gateway().database.query({ text: 'ANALYZE events, log, jobs', values: [] }));
    test.each(all)('of %s go by index', (_what, steps) => expectByIndex(steps));
  });
});
