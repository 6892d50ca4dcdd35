// AYON's enroll and the life of its jobs, line by line of the contract.
import { describe, expect, it } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { ayonGateway, newTopic } from './support.ts';

describeDatabases('AYON’s enroll', (backend) => {
  const client = ayonGateway(backend);

  /** Some sources, and the body that enrolls for them. */
  async function given(count: number, more: object = {}) {
    const sourceTopic = newTopic('source_x');
    const targetTopic = newTopic('target');
    const sources: string[] = [];
    for (let n = 0; n < count; n += 1)
      sources.push(await client().send({ topic: sourceTopic, project: 'p' }));
    return { sources, sourceTopic, targetTopic, body: { sourceTopic, targetTopic, sender: 'one', ...more } };
  }

  async function failTimes(times: number, body: object) {
    let id = '';
    for (let n = 0; n < times; n += 1) {
      const { status, body: job } = await client().enroll(body);
      expect(status).toBe(200);
      id = job.id;
      await client().patch(id, { status: 'failed' });
    }
    return id;
  }

  it('makes a job of the oldest source, and answers 204 if there is none', async () => {
    const { sources, sourceTopic, targetTopic, body } = await given(2);
    const { status, body: job } = await client().enroll(body, { headers: { 'x-as-user': 'jim' } });
    expect(status).toBe(200);
    expect(job).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      dependsOn: sources[0],
      hash: expect.any(String),
      status: 'pending',
      attempt: 1,
    });
    expect(await client().read(job.id)).toMatchObject({
      topic: targetTopic,
      dependsOn: sources[0],
      sender: 'one',
      senderType: 'api',
      user: 'jim',
      project: 'p',
      hash: job.hash,
      description: `Convert from ${sourceTopic} to ${targetTopic}`,
    });
    await client().patch(job.id, { status: 'finished' });
    expect((await client().enroll(body)).body.dependsOn).toBe(sources[1]);
    const nothing = await client().enroll({ ...body, sourceTopic: newTopic(), sender: 'idle' });
    expect([nothing.status, nothing.body]).toEqual([204, undefined]);
  });

  it('gives a sender its unfinished job again, with its status now, and others the next one', async () => {
    const { sources, body } = await given(2);
    const first = (await client().enroll(body)).body;
    await client().patch(first.id, { status: 'in_progress' });
    expect((await client().enroll(body)).body).toEqual({ ...first, status: 'in_progress' });
    const other = await client().enroll({ ...body, sender: 'two' });
    expect(other.body.dependsOn).toBe(sources[1]);
    expect((await client().enroll({ ...body, sender: 'three' })).status).toBe(204);
    expect((await client().enroll({ ...body, sticky: false })).status).toBe(204);
  });

  it('takes the sender of X-Sender, else ayon_server', async () => {
    const { body } = await given(2, { sender: null });
    const headers = { 'x-sender': 'host 1' };
    const first = (await client().enroll(body, { headers })).body;
    expect((await client().read(first.id)).sender).toBe('host 1');
    const second = (await client().enroll(body)).body;
    expect((await client().read(second.id)).sender).toBe('ayon_server');
  });

  it('gives nobody a second job while one is unfinished, with sequential', async () => {
    const { sources, body } = await given(2, { sequential: true });
    const first = (await client().enroll(body)).body;
    expect((await client().enroll({ ...body, sender: 'two' })).status).toBe(204);
    expect((await client().enroll(body)).body).toEqual(first);
    await client().patch(first.id, { status: 'aborted' });
    expect((await client().enroll({ ...body, sender: 'two' })).body.dependsOn).toBe(sources[1]);
  });

  it('gives each source once to eight callers at once', async () => {
    const { sources, body } = await given(40);
    const got: string[] = [];
    const work = async (sender: string) => {
      for (;;) {
        const { status, body: job } = await client().enroll({ ...body, sender });
        if (status === 204) return;
        got.push(job.dependsOn);
        await client().patch(job.id, { status: 'finished' });
      }
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(work));
    expect(got.sort()).toEqual(sources.sort());
  });

  it('hands out a failed job again: at once, then after a pause, 1 + maxRetries times in all', async () => {
    const { body } = await given(1, { maxRetries: 2 });
    const first = (await client().enroll(body)).body;
    await client().patch(first.id, { status: 'failed' });
    const again = (await client().enroll({ ...body, sender: 'two' })).body;
    expect(again).toEqual({ ...first, attempt: 2 });
    expect(await client().read(first.id)).toMatchObject({ status: 'pending', retries: 1, sender: 'two' });
    await client().patch(first.id, { status: 'failed' });
    expect((await client().enroll(body)).status).toBe(204);
    await expect
      .poll(async () => (await client().enroll(body)).status, { timeout: 10_000, interval: 200 })
      .toBe(200);
    await client().patch(first.id, { status: 'failed' });
    expect((await client().read(first.id)).retries).toBe(2);
    const { data } = await client().ours(
      'query ($f: EventFilter) { events(filter: $f) { edges { node { id } } } }',
      {
        f: { ids: [first.id], exhausted: true },
      },
    );
    expect(data.events.edges).toHaveLength(1);
  });

  it('answers AYON’s client the same for a retried job', async () => {
    const { body } = await given(1);
    const headers = { 'x-ayon-platform': 'linux', 'x-ayon-hostname': 'host' };
    const first = (await client().enroll(body, { headers })).body;
    await client().patch(first.id, { status: 'failed' }, { headers });
    expect((await client().enroll(body, { headers })).body).toEqual(first);
  });

  it('gives what is exhausted to nobody, and lets it block nobody', async () => {
    const { sources, body } = await given(2, { maxRetries: 0, sequential: true });
    await failTimes(1, body);
    expect((await client().enroll({ ...body, sender: 'two' })).body.dependsOn).toBe(sources[1]);
  });

  it('hands out a restarted job whatever its retries, without counting', async () => {
    const { body } = await given(1, { maxRetries: 0 });
    const id = await failTimes(1, body);
    expect((await client().enroll(body)).status).toBe(204);
    await client().patch(id, { status: 'restarted' });
    const again = (await client().enroll({ ...body, sender: 'two' })).body;
    expect(again.id).toBe(id);
    expect(await client().read(id)).toMatchObject({ retries: 0, sender: 'two', status: 'pending' });
    await client().patch(id, { status: 'finished' });
    await client().patch(id, { status: 'restarted' });
    expect((await client().enroll(body)).body.id).toBe(id);
  });

  it('gives a failed job to one of those who race for it', async () => {
    const { body } = await given(1);
    await failTimes(1, body);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => client().enroll({ ...body, sender: `s${n}` })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  describe('a PATCH without an attempt', () => {
    it('lets go of no job', async () => {
      const { body } = await given(1);
      const job = (await client().enroll(body)).body;
      const changes = [
        { status: 'in_progress' },
        { progress: 5 },
        { description: 'd' },
        { status: 'pending' },
      ];
      for (const change of changes) {
        await client().patch(job.id, change);
        expect((await client().enroll({ ...body, sender: 'two' })).status).toBe(204);
        expect((await client().enroll(body)).body.id).toBe(job.id);
      }
    });

    it('takes a job up again that had failed: it stays with its sender', async () => {
      const { body } = await given(1, { sequential: true });
      const job = (await client().enroll(body)).body;
      for (const status of ['in_progress', 'failed', 'in_progress', 'failed', 'in_progress'])
        expect((await client().patch(job.id, { status })).status).toBe(204);
      expect((await client().enroll({ ...body, sender: 'two' })).status).toBe(204);
      expect((await client().enroll(body)).body).toEqual({ ...job, status: 'in_progress' });
      expect((await client().patch(job.id, { status: 'finished' })).status).toBe(204);
      expect((await client().enroll(body)).status).toBe(204);
    });

    it('extends the lease, also by progress alone; then the job is handed out, counted', async () => {
      const { body } = await given(1, { leaseSeconds: 1 });
      const job = (await client().enroll(body)).body;
      const leaseOf = async () => {
        const query = 'query ($id: ID!) { event(id: $id) { lease { until } } }';
        return (await client().ours(query, { id: job.id })).data.event.lease?.until as string | undefined;
      };
      const before = await leaseOf();
      const extended = async () => {
        await client().patch(job.id, { progress: 50 });
        return ((await leaseOf()) ?? '') > (before ?? '');
      };
      await expect.poll(extended, { timeout: 5_000, interval: 100 }).toBe(true);
      const taken = () => client().enroll({ ...body, sender: 'two' });
      await expect
        .poll(async () => (await taken()).body?.id, { timeout: 10_000, interval: 200 })
        .toBe(job.id);
      expect(await client().read(job.id)).toMatchObject({ retries: 1, sender: 'two' });
    });

    it('holds for six hours unless a lease is given', async () => {
      const { body } = await given(1);
      const job = (await client().enroll(body)).body;
      const { data } = await client().ours('query ($id: ID!) { event(id: $id) { lease { until worker } } }', {
        id: job.id,
      });
      const hours = (Date.parse(data.event.lease.until) - Date.now()) / 3_600_000;
      expect(hours).toBeGreaterThan(5.9);
      expect(hours).toBeLessThan(6.1);
      expect(data.event.lease.worker).toBe('one');
    });
  });

  it('fences a PATCH with an attempt', async () => {
    const { body } = await given(1);
    const job = (await client().enroll(body)).body;
    await client().patch(job.id, { status: 'failed', attempt: job.attempt });
    const again = (await client().enroll({ ...body, sender: 'two' })).body;
    const late = await client().patch(job.id, { status: 'finished', attempt: job.attempt });
    expect([late.status, late.body.code]).toEqual([409, 409]);
    expect((await client().patch(job.id, { status: 'finished', attempt: again.attempt })).status).toBe(204);
  });

  describe('sources', () => {
    it('are those of patterns, also in lists; an underscore is itself', async () => {
      const { sources, sourceTopic, body } = await given(1);
      const one = (topic: unknown) =>
        client().enroll({ ...body, sourceTopic: topic, targetTopic: newTopic() });
      expect((await one(`${sourceTopic.slice(0, 6)}*`)).body.dependsOn).toBeDefined();
      expect((await one([newTopic(), `${sourceTopic.slice(0, -1)}*`])).status).toBe(200);
      expect((await one(sourceTopic.replace('_', '*'))).body.dependsOn).toBe(sources[0]);
      expect((await one(sourceTopic.replace('x', '_'))).status).toBe(204);
      expect((await one([])).status).toBe(204);
    });

    it('become such when they are finished, and not before', async () => {
      const { sourceTopic, body } = await given(0);
      const id = await client().send({ topic: sourceTopic, finished: false });
      expect((await client().enroll(body)).status).toBe(204);
      await client().patch(id, { status: 'finished' });
      expect((await client().enroll(body)).body.dependsOn).toBe(id);
    });

    it('of ignored sender types are passed over, not those without one', async () => {
      const { sourceTopic, body } = await given(0, { ignoreSenderTypes: ['web'] });
      await client().send({ topic: sourceTopic }, { headers: { 'x-sender-type': 'web' } });
      const { data } = await client().ours(
        'mutation ($i: SendEventInput!) { sendEvent(input: $i) { event { id senderType } } }',
        { i: { topic: sourceTopic } },
      );
      expect(data.sendEvent.event.senderType).toBeNull();
      expect((await client().enroll(body)).body.dependsOn).toBe(data.sendEvent.event.id.replaceAll('-', ''));
      expect((await client().enroll({ ...body, sender: 'two' })).status).toBe(204);
      expect((await client().enroll({ ...body, sender: 'two', ignoreSenderTypes: [] })).status).toBe(200);
    });

    it('are filtered', async () => {
      const { sourceTopic, body } = await given(1);
      const id = await client().send({ topic: sourceTopic, payload: { newValue: 'Done' } });
      const filter = { conditions: [{ key: 'payload/newValue', value: 'Done' }] };
      expect((await client().enroll({ ...body, filter })).body.dependsOn).toBe(id);
    });
  });

  it.each([
    {},
    { sourceTopic: 'a' },
    { sourceTopic: 5, targetTopic: 'b' },
    { sourceTopic: ['a', 5], targetTopic: 'b' },
    { sourceTopic: 'a', targetTopic: 'b*' },
    { sourceTopic: 'a b', targetTopic: 'b' },
    { sourceTopic: 'a', targetTopic: 'b', sequential: 'yes' },
    { sourceTopic: 'a', targetTopic: 'b', maxRetries: '3' },
    { sourceTopic: 'a', targetTopic: 'b', leaseSeconds: 0 },
    { sourceTopic: 'a', targetTopic: 'b', leaseSeconds: 3601 },
    { sourceTopic: 'a', targetTopic: 'b', filter: { conditions: [{ key: 'nothing', value: 1 }] } },
    {
      sourceTopic: 'a',
      targetTopic: 'b',
      filter: { conditions: [{ key: 'topic', value: 'x', operator: 'contains' }] },
    },
    { sourceTopic: 'a', targetTopic: 'b', filter: [] },
  ])('refuses %j with 400', async (body) => {
    const { status, body: answer } = await client().enroll(body);
    expect([status, answer]).toEqual([400, { code: 400, detail: expect.any(String) }]);
  });

  it('is refused to keys that may not work', async () => {
    const key = await client().newKey({ name: 'sender', scopes: ['events:send'] });
    expect((await client().enroll({ sourceTopic: 'a', targetTopic: 'b' }, { key })).status).toBe(403);
  });
});
