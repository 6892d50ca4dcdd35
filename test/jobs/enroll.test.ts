// Enrolling: which events get jobs, once each, in which order, and what a job is.
import { expect, test } from 'vitest';
import { checkEnroll } from '../../src/domain/jobs/enroll.ts';
import { findSources } from '../../src/store/jobs/find-sources.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, operationsOn } from '../support/gateway.ts';
import { correct, enroll, enrollMany, pass, take, update } from './support.ts';

describeDatabases('a job', (backend) => {
  const gateway = composedOnce(backend);

  test('is an event of the target topic below its source, in its request, held from birth', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const source = await gateway().send({
      topic,
      requestId: fresh('request'),
      project: 'p',
      user: 'u',
      payload: { a: 1 },
    });
    const job = await take(gateway(), {
      sourceTopics: [topic],
      targetTopic: target,
      worker: 'w-1',
      senderType: 'service',
      description: 'converts',
    });
    const { requestId } = await gateway().read(source);
    const event = await gateway().read(job.event.id);
    expect(event).toMatchObject({
      topic: target,
      dependsOnId: source,
      requestId,
      nodeId: event.id,
      status: 'PENDING',
      sender: 'w-1',
      senderType: 'service',
      description: 'converts',
      project: 'p',
      user: 'u',
      retries: 0,
      priority: 0,
      hash: null,
      startedAt: null,
    });
    expect(job.event).toEqual(event);
    expect(job.source!.id).toBe(source);
    expect(job.attempt).toBe(1);
    expect(job.leaseUntil.getTime() - event.createdAt.getTime()).toBe(60_000);
    const [born] = (await gateway().operations.historiesOf([event.id])).get(event.id) ?? [];
    expect(born).toMatchObject({ from: null, to: 'PENDING', by: 'w-1', attempt: 1 });
  });

  test('is made once for each source and target', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    await gateway().send({ topic });
    const asked = { sourceTopics: [topic], targetTopic: target };
    expect(await enroll(gateway(), asked)).not.toBeNull();
    expect(await enroll(gateway(), asked)).toBeNull();
    expect(await enroll(gateway(), { ...asked, sourceTopics: [topic, 'another'] })).toBeNull();
    expect(await enroll(gateway(), { ...asked, targetTopic: `${target}2` })).not.toBeNull();
  });

  test('is made by one of many calls at once, of whatever consumers', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    for (let n = 0; n < 30; n++) await gateway().send({ topic });
    const asks = Array.from({ length: 60 }, (_, n) =>
      enroll(gateway(), {
        sourceTopics: n % 2 ? [topic] : [topic, 'x'],
        targetTopic: target,
        worker: `w-${n}`,
      }),
    );
    const jobs = (await Promise.all(asks)).filter((job) => job !== null);
    expect(new Set(jobs.map((job) => job.source!.id)).size).toBe(30);
    expect(new Set(jobs.map((job) => job.event.id)).size).toBe(30);
    expect(jobs).toHaveLength(30);
  });

  test('cannot be made twice by anybody: the database refuses it', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const source = await gateway().send({ topic });
    const job = await take(gateway(), { sourceTopics: [topic], targetTopic: target });
    const text = `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, depends_on, status,
        created_at, updated_at, job)
      SELECT gen_random_uuid(), position, created_position, topic, event_type, request_id, 'another', depends_on, status,
        created_at, updated_at, true FROM events WHERE id = $1`;
    await expect(gateway().database.query({ text, values: [job.event.id] })).rejects.toThrow(
      'events_job_key',
    );
    // Ordinary events below the source are as many as anybody likes.
    await gateway().send({ topic: target, dependsOn: source });
    await gateway().send({ topic: target, dependsOn: source });
  });

  test('is handed out oldest source first, many at once', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const sources: string[] = [];
    for (let n = 0; n < 5; n++) sources.push(await gateway().send({ topic }));
    const asked = { sourceTopics: [topic], targetTopic: target };
    const first = await enrollMany(gateway(), asked, 3);
    expect(first.map((job) => job.source!.id)).toEqual(sources.slice(0, 3));
    const rest = await enrollMany(gateway(), asked, 1_000);
    expect(rest.map((job) => job.source!.id)).toEqual(sources.slice(3));
    expect(await enrollMany(gateway(), asked, 10)).toEqual([]);
  });

  test('is found by the thousand', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    await gateway().operations.sendEvents(
      gateway().caller,
      Array.from({ length: 1_100 }, () => ({ topic })),
    );
    const asked = { sourceTopics: [topic], targetTopic: target };
    const jobs = [
      ...(await enrollMany(gateway(), asked, 1_000)),
      ...(await enrollMany(gateway(), asked, 1_000)),
    ];
    expect(new Set(jobs.map((job) => job.source!.id)).size).toBe(1_100);
  });

  test('is what its worker sends below it, in the same request', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    await gateway().send({ topic, requestId: fresh('request') });
    const job = await take(gateway(), { sourceTopics: [topic], targetTopic: target });
    const child = await gateway().read(await gateway().send({ topic: 'report', dependsOn: job.event.id }));
    expect(child).toMatchObject({ dependsOnId: job.event.id, requestId: job.event.requestId });
  });
});

describeDatabases('a source', (backend) => {
  const gateway = composedOnce(backend);

  test('counts when it becomes FINISHED, also long after it was sent', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const asked = { sourceTopics: [topic], targetTopic: target };
    const late = await gateway().send({ topic, finished: false });
    const early = await gateway().send({ topic });
    expect((await enroll(gateway(), asked))?.source!.id).toBe(early);
    expect(await enroll(gateway(), asked)).toBeNull();
    await correct(gateway(), late, { status: 'FINISHED' });
    expect((await enroll(gateway(), asked))?.source!.id).toBe(late);
  });

  test('that is no longer FINISHED waits until it is again, and gets no second job', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const asked = { sourceTopics: [topic], targetTopic: target };
    const source = await gateway().send({ topic });
    await correct(gateway(), source, { status: 'RESTARTED' });
    expect(await enroll(gateway(), asked)).toBeNull();
    await correct(gateway(), source, { status: 'FINISHED' });
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'FINISHED' });
    await correct(gateway(), source, { status: 'RESTARTED' });
    await correct(gateway(), source, { status: 'FINISHED' });
    expect(await enroll(gateway(), asked)).toBeNull();
  });

  test('that was deleted gets none', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const source = await gateway().send({ topic });
    await gateway().operations.deleteEvent(gateway().caller, source);
    expect(await enroll(gateway(), { sourceTopics: [topic], targetTopic: target })).toBeNull();
  });

  test('is chosen by patterns, in which * is any run of characters and _ is itself', async () => {
    const topic = fresh('so_urce');
    const asked = { sourceTopics: [`${topic}.*.end`, `${topic}_exact`], targetTopic: fresh('target') };
    const wanted = [
      await gateway().send({ topic: `${topic}.a.end` }),
      await gateway().send({ topic: `${topic}.b.c.end` }),
      await gateway().send({ topic: `${topic}_exact` }),
    ];
    await gateway().send({ topic: `${topic}.a.ended` });
    await gateway().send({ topic: `${topic.replace('_', '-')}.a.end` });
    await gateway().send({ topic: `${topic}-exact` });
    const jobs = await enrollMany(gateway(), asked, 10);
    expect(jobs.map((job) => job.source!.id)).toEqual(wanted);
    const one = { sourceTopics: [`${topic}_exac*`], targetTopic: fresh('target') };
    expect((await enrollMany(gateway(), one, 10)).map((job) => job.source!.id)).toEqual([wanted[2]]);
  });

  test('is no job of the same target by a pattern that also matches the target, unless that is named', async () => {
    const topic = fresh('source');
    await gateway().send({ topic });
    const asked = { sourceTopics: [`${topic}*`], targetTopic: `${topic}.job` };
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'FINISHED' });
    expect(await enroll(gateway(), asked)).toBeNull();
    const named = { sourceTopics: [`${topic}.job`], targetTopic: `${topic}.job` };
    expect((await enroll(gateway(), named))?.source!.id).toBe(job.event.id);
  });

  test('of many topics is found in the order of the log, however few entries are read at once', async () => {
    const topics = Array.from({ length: 5 }, () => fresh('source'));
    const sources: string[] = [];
    for (let n = 0; n < 60; n++) sources.push(await gateway().send({ topic: topics[((n * n) % 7) % 5]! }));
    const { definition } = checkEnroll({ sourceTopics: topics, targetTopic: fresh('target'), worker: 'w' });
    for (const batch of [5, 7, 20, 1_000]) {
      const found: string[] = [];
      let readTo = 0n;
      for (let more = true; more;) {
        const next = await findSources(gateway().database, definition, readTo, batch);
        expect(next.sources.length).toBeLessThanOrEqual(Math.ceil(batch / 5) * 5);
        found.push(...next.sources.map(({ id }) => id));
        ({ readTo, more } = next);
      }
      expect(found).toEqual(sources);
    }
  });

  test('of an ignored sender type is passed over, one without a sender type is not', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    await gateway().send({ topic, senderType: 'robot' });
    const person = await gateway().send({ topic, senderType: 'person' });
    const nobody = await gateway().send({ topic });
    const asked = { sourceTopics: [topic], targetTopic: target, ignoreSenderTypes: ['robot'] };
    const jobs = await enrollMany(gateway(), asked, 10);
    expect(jobs.map((job) => job.source!.id)).toEqual([person, nobody]);
  });

  test('that a filter rejects gets no job, and is not read again', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    await gateway().send({ topic, payload: { wanted: false } });
    const wanted = await gateway().send({ topic, payload: { wanted: true } });
    const filter = { conditions: [{ key: 'payload/wanted', value: true }] };
    const asked = { sourceTopics: [topic], targetTopic: target, filter };
    expect((await enroll(gateway(), asked))?.source!.id).toBe(wanted);
    expect(await enroll(gateway(), asked)).toBeNull();
  });

  test('that was rejected once is not read again, by this gateway or by one that comes after it', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const source = await gateway().send({ topic, payload: { wanted: false } });
    const filter = { conditions: [{ key: 'payload/wanted', value: true }] };
    const asked = { sourceTopics: [topic], targetTopic: target, filter };
    const before = await operationsOn(gateway().database);
    expect(await enroll(before, asked)).toBeNull();
    // Were it read again, it would be wanted now.
    await correct(gateway(), source, { payload: { wanted: true } });
    expect(await enroll(before, asked)).toBeNull();
    await before.stop();
    const after = await operationsOn(gateway().database);
    expect(await enroll(after, asked)).toBeNull();
    await after.stop();
    expect((await enroll(gateway(), { ...asked, targetTopic: `${target}2` }))?.source!.id).toBe(source);
  });

  test('is passed over for its age only where that is asked for', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const old = await gateway().send({ topic });
    const text = `UPDATE log SET at = at - interval '30 days' WHERE event_id = $1`;
    await gateway().database.query({ text, values: [old] });
    const asked = { sourceTopics: [topic], targetTopic: target };
    expect(await enroll(gateway(), { ...asked, ignoreOlderThanDays: 29.5 })).toBeNull();
    expect((await enroll(gateway(), { ...asked, ignoreOlderThanDays: 30.5 }))?.source!.id).toBe(old);
  });

  test('of one way of asking is not lost to another that passed it over', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    const source = await gateway().send({ topic, senderType: 'robot' });
    const asked = { sourceTopics: [topic], targetTopic: target };
    expect(await enroll(gateway(), { ...asked, ignoreSenderTypes: ['robot'] })).toBeNull();
    expect((await enroll(gateway(), asked))?.source!.id).toBe(source);
  });

  test('whose job a changed consumer definition still selects comes back by it', async () => {
    const [topic, target] = [fresh('source'), fresh('target')];
    await gateway().send({ topic, project: 'a' });
    const job = await take(gateway(), { sourceTopics: [topic], targetTopic: target });
    await pass(gateway(), job.event.id);
    const of = (value: string) => ({
      sourceTopics: [topic],
      targetTopic: target,
      filter: { conditions: [{ key: 'project', value }] },
    });
    expect(await enroll(gateway(), of('b'))).toBeNull();
    expect(await enroll(gateway(), of('a'))).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
  });
});
