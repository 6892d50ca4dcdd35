// Claims of jobs with large events: as many as one answer has room for; what is not answered is not held.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { countStatements, describeDatabases } from '../support/database.ts';
import {
  type Answer,
  composedOnce,
  fresh,
  operationsOn,
  startGateway,
  tester,
  type TestGateway,
} from '../support/gateway.ts';
import type { Asked } from './support.ts';

const pad = 'x'.repeat(900_000);
/** Jobs with one such payload that an answer has room for. */
const perAnswer = Math.floor(limits.operationBytes / JSON.stringify({ pad, n: 10 }).length);
const count = perAnswer + 3;

interface Job {
  readonly attempt: number;
  readonly event: { readonly id: string };
  readonly source: { readonly id: string; readonly payload?: { readonly n: number } };
}

interface Claimed {
  readonly jobs: readonly Job[];
}

const claim = (selection: string) =>
  `mutation ($input: EnrollInput!) { jobs: enrollMany(input: $input, count: 1000) { attempt ${selection} } }`;
const withPayload = claim('event { id } source { id payload }');

const newAsk = (more: object = {}) => {
  const topic = fresh('source');
  return { sourceTopics: [topic], targetTopic: `${topic}.job`, worker: 'worker', ...more };
};
type Ask = ReturnType<typeof newAsk>;

/** The jobs of an answer without errors. */
function jobsOf({ data, errors }: Answer<Claimed>): readonly Job[] {
  expect(errors).toEqual([]);
  return data!.jobs;
}

describeDatabases('A claim of jobs with large events', (backend) => {
  const gateway = composedOnce(backend);

  /** Answers the ids. */
  async function sources({ sourceTopics }: Asked, of = count): Promise<string[]> {
    const ids = [];
    for (let n = 0; n < of; n += 1)
      ids.push(await gateway().send({ topic: sourceTopics![0]!, payload: { pad, n } }));
    return ids;
  }

  const ask = async (input: Ask, query = withPayload) =>
    jobsOf(await gateway().ask<Claimed>(query, { input }));

  /** Ids of the jobs of the target that somebody holds. */
  async function held({ targetTopic }: Ask): Promise<string[]> {
    const text = 'SELECT event_id AS id FROM jobs WHERE target = $1 AND worker IS NOT NULL';
    const rows = await gateway().database.query<{ id: string }>({ text, values: [targetTopic] });
    return rows.map(({ id }) => id);
  }

  const idsOf = (jobs: readonly Job[]) => jobs.map(({ source }) => source.id);

  test('claims what one answer has room for, and the next call gets the others', async () => {
    const input = newAsk();
    const all = await sources(input);
    const first = await ask(input);
    expect(first.map(({ source }) => source.payload?.n)).toEqual([...Array(perAnswer).keys()]);
    expect((await held(input)).sort()).toEqual(first.map(({ event }) => event.id).sort());
    const second = await ask(input);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(all);
    expect(await ask(input)).toEqual([]);
  });

  test('is not bounded where no JSON is selected', async () => {
    const input = newAsk();
    const all = await sources(input);
    expect(idsOf(await ask(input, claim('event { id status } source { id topic }')))).toEqual(all);
  });

  test('counts what an alias answers again', async () => {
    const input = newAsk();
    await sources(input);
    const twice = claim('event { id } source { id payload again: payload }');
    expect(await ask(input, twice)).toHaveLength(Math.floor(perAnswer / 2));
    const byParent = claim('event { id dependsOn { payload } } source { id payload }');
    expect(await ask(input, byParent)).toHaveLength(Math.floor(perAnswer / 2));
  });

  test('asks for no sizes that the sources bring along', async () => {
    const input = newAsk();
    await sources(input, 2);
    const database = countStatements(gateway().database);
    const alone = await operationsOn(database);
    await alone.operations.enroll(alone.caller, newAsk(), 1);
    database.statements.length = 0;
    expect(await alone.operations.enroll(alone.caller, input, 2, limits.operationBytes)).toHaveLength(2);
    expect(database.statements.filter((text) => /octet_length/.test(text) && !/FROM log/.test(text))).toEqual(
      [],
    );
    await alone.stop();
  });

  test('measures sources that were written before sizes were kept', async () => {
    const input = newAsk();
    const all = await sources(input);
    const text = 'UPDATE events SET payload_bytes = NULL, summary_bytes = NULL WHERE topic = $1';
    await gateway().database.query({ text, values: input.sourceTopics });
    const first = await ask(input);
    expect(first).toHaveLength(perAnswer);
    expect([...idsOf(first), ...idsOf(await ask(input))]).toEqual(all);
  });

  test('counts the job and its source where jobs are ready again', async () => {
    const input = newAsk({ retryDelayMs: 0 });
    const all = await sources(input);
    for (const { event, attempt } of await ask(input, claim('event { id } source { id }')))
      await gateway().operations.updateEvent(tester, {
        id: event.id,
        attempt,
        status: 'FAILED',
        result: { pad },
      });
    const both = claim('event { id result } source { id payload }');
    const claims: (readonly Job[])[] = [];
    while (claims.flat().length < all.length) {
      claims.push(await ask(input, both));
      expect(claims.at(-1)!.length).toBeGreaterThan(0);
    }
    expect(claims[0]).toHaveLength(Math.floor(perAnswer / 2));
    expect(idsOf(claims.flat()).sort()).toEqual([...all].sort());
  });

  test('gives a sticky worker as many of its own again', async () => {
    const input = newAsk({ sticky: true });
    await sources(input);
    const first = await ask(input);
    expect(first).toHaveLength(perAnswer);
    const again = await ask(input);
    expect(idsOf(again)).toEqual(idsOf(first));
  });

  test('is refused before it claims where the fields before it have used up the answer', async () => {
    const input = newAsk();
    await sources(input, 2 * perAnswer + 2);
    const field = (name: string) =>
      `${name}: enrollMany(input: $input, count: 1000) { event { id } source { payload } }`;
    const { errors } = await gateway().ask(
      `mutation ($input: EnrollInput!) { ${field('a')} ${field('b')} ${field('c')} }`,
      { input },
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['LIMIT_EXCEEDED']);
    expect((await held(input)).length).toBeLessThanOrEqual(2 * perAnswer);
  });
});

describeDatabases('A job whose answer fails', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());

  const send = (topic: string) =>
    gateway.ask(
      `mutation ($topic: String!, $payload: JSON) {
        sendEvent(input: {topic: $topic, payload: $payload}) { event { id } } }`,
      { topic, payload: { pad } },
    );

  describe('is released, and the next call gets it', () => {
    test.each(['enroll(input: $input)', 'enrollMany(input: $input, count: 10)'])('%s', async (field) => {
      const input = newAsk({ maxRetries: 0 });
      await send(input.sourceTopics[0]!);
      const aliases = Array.from({ length: 30 }, (_, n) => `p${n}: payload`).join(' ');
      const refused = await gateway.ask(
        `mutation ($input: EnrollInput!) { ${field} { source { ${aliases} } } }`,
        { input },
      );
      expect(refused.errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
      const next = { ...input, worker: 'another', waitMs: 30_000 };
      const [job] = jobsOf(await gateway.ask<Claimed>(withPayload, { input: next }));
      expect(job).toMatchObject({ attempt: 2, source: { payload: { pad } } });
    });
  });

  test('is held where only another field failed, and this one was answered', async () => {
    const input = newAsk();
    await send(input.sourceTopics[0]!);
    const { data, errors } = await gateway.ask<{ enroll: Job; nextEvent: null }>(
      `mutation ($input: EnrollInput!) {
        enroll(input: $input) { attempt event { id lease { worker } } source { id } }
        nextEvent(subscriptionIds: ["00000000-0000-4000-8000-000000000000"], timeoutMs: 0) { position } }`,
      { input },
    );
    expect(errors[0]?.extensions.code).toBe('NO_SUCH_SUBSCRIPTION');
    expect(data).toMatchObject({ enroll: { attempt: 1, event: { lease: { worker: 'worker' } } } });
    const kept = await gateway.ask<{ event: { lease: object | null } }>(
      'query ($id: ID!) { event(id: $id) { lease { worker } } }',
      { id: data!.enroll.event.id },
    );
    expect(kept.data?.event.lease).toEqual({ worker: 'worker' });
  });
});
