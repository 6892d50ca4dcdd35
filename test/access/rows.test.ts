// Rows: what a restricted key sees, sends and touches, and what it learns of other events: the same as of events that do not exist.
import { expect, test } from 'vitest';
import type { RowScope } from '../../src/domain/access/row-scope.ts';
import { type Scope, scopePresets } from '../../src/domain/access/scopes.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { guard } from '../../src/operations/access/guarded-operations.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf } from '../support/gateway.ts';

const unknownId = '0195f000-0000-7000-8000-000000000000';

function key(rows: Partial<RowScope> | null, scopes: readonly Scope[] = scopePresets.operator): Caller {
  const name = fresh('key');
  const all = rows && { projects: null, topics: null, requestIds: null, ...rows };
  return { name, keyId: `id of ${name}`, scopes, rows: all, requestId: null };
}

/** All that a refusal says, whatever the id. */
function saidOf({ code, message, details }: Awaited<ReturnType<typeof refusalOf>>, id: string): string {
  return JSON.stringify({ code, message, details }).replaceAll(id, 'ID');
}

describeDatabases('A key restricted to a project', (backend) => {
  const gateway = composedOnce(backend);
  const as = (caller: Caller) => guard(gateway().operations, caller);
  const own = key({ projects: ['own'] });

  test('sends to its projects only', async () => {
    const send = (input: object) => as(own).sendEvent(own, { topic: 'a', ...input });
    expect(await refusalOf(send({}))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await refusalOf(send({ project: 'other' }))).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('"own"'),
    });
    expect((await send({ project: 'own' })).duplicate).toBe(false);
  });

  test('cannot move an event to another project, nor one of another to its own', async () => {
    const mine = await gateway().send({ project: 'own' });
    const other = await gateway().send({ project: 'other' });
    const update = (id: string, project: string) => as(own).updateEvent(own, { id, project });
    expect(await refusalOf(update(mine, 'other'))).toMatchObject({ code: 'FORBIDDEN' });
    expect(saidOf(await refusalOf(update(other, 'own')), other)).toEqual(
      saidOf(await refusalOf(update(unknownId, 'own')), unknownId),
    );
    expect(await gateway().read(other)).toMatchObject({ project: 'other' });
  });

  test.each(['RETURN', 'FAIL', 'REPLACE'] as const)(
    'learns that a hash of another project is taken, and not by which event, with %s',
    async (onDuplicate) => {
      const hash = fresh('hash');
      const id = await gateway().send({ project: 'other', hash, payload: { secret: true } });
      const refusal = await refusalOf(
        as(own).sendEvent(own, { topic: 'a', project: 'own', hash, onDuplicate, payload: {} }),
      );
      expect(refusal).toMatchObject({ code: 'DUPLICATE_HASH', details: {} });
      expect(JSON.stringify([refusal.message, refusal.details])).not.toContain(id);
      expect(await gateway().read(id)).toMatchObject({ payload: { secret: true } });
    },
  );

  test('is not told which event has a node id', async () => {
    const requestId = fresh('request');
    const id = await gateway().send({ project: 'other', requestId, nodeId: 'n' });
    const refusal = await refusalOf(
      as(own).sendEvent(own, { topic: 'a', project: 'own', requestId, nodeId: 'n' }),
    );
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', details: {} });
    expect(refusal.message).not.toContain(id);
  });

  test('finds no parent outside, stored or not', async () => {
    const dependsOn = await gateway().send({ project: 'other' });
    for (const store of [true, false])
      expect(
        await refusalOf(as(own).sendEvent(own, { topic: 'a', project: 'own', dependsOn, store })),
      ).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('sees of a chain what is its own: roots are those without a visible parent', async () => {
    const requestId = fresh('request');
    const send = async (project: string, dependsOn: string | null) =>
      gateway().send({ project, requestId, dependsOn });
    const root = await send('other', null);
    const child = await send('own', root);
    const grandchild = await send('other', child);
    const leaf = await send('own', grandchild);
    const { data } = await gateway().askAs<any>(
      own,
      `{ eventChain(requestId: "${requestId}") { roots { id } countByStatus { count }
          events { id dependsOn { id } dependents { totalCount nodes { id } } } } }`,
    );
    expect(data.eventChain).toEqual({
      roots: [{ id: child }, { id: leaf }],
      countByStatus: [{ count: 2 }],
      events: [child, leaf].map((id) => ({
        id,
        dependsOn: null,
        dependents: { totalCount: 0, nodes: [] },
      })),
    });
    expect(await as(own).eventsBelowNode(requestId, child, [])).toEqual([{ id: child }]);
    expect(await as(own).eventsBelowNode(requestId, root, [])).toEqual([]);
  });

  test('does not see a feed’s changes of an event that has left its project since', async () => {
    const topic = fresh('moving');
    const { position } = await gateway().read(await gateway().send({ project: 'own' }));
    const moved = await gateway().send({ topic, project: 'own', payload: { secret: 1 } });
    await gateway().operations.updateEvent(gateway().caller, { id: moved, project: 'other' });
    const kept = await gateway().send({ topic, project: 'own' });
    const feed = await gateway().subscribeAs<any>(
      own,
      `subscription { eventFeed(after: "${position}", filter: {topics: ["${topic}"]}) { event { id } } }`,
    );
    expect((await feed.next()).eventFeed.event.id).toBe(kept);
    feed.stop();
  });

  test('deletes and changes by a filter only what is its own', async () => {
    const topic = fresh('bulk');
    const ids = await Promise.all(['own', 'other'].map((project) => gateway().send({ topic, project })));
    const filter = { topics: [topic] };
    expect(await as(own).restartEvents(own, filter, true)).toEqual({ count: 1, ids: [ids[0]] });
    expect(await as(own).restartEvents(own, filter, false)).toEqual({ count: 1, ids: [ids[0]] });
    expect(await as(own).deleteEvents(own, filter, true)).toEqual({ count: 1, ids: [ids[0]] });
    expect(await as(own).deleteEvents(own, filter, false)).toEqual({ count: 1, ids: [ids[0]] });
    expect(await gateway().read(ids[1]!)).toMatchObject({ status: 'FINISHED' });
  });

  test('gives its events to its own triggers, which have its project', async () => {
    const caller = key({ projects: [fresh('project')] });
    const name = fresh('hook');
    const trigger = await as(caller).createTrigger({ name, webhook: {} });
    expect((await as(caller).triggers()).map(({ id }) => id)).toEqual([trigger.id]);
    for (const other of [key({ projects: ['else'] }), key(null)]) {
      expect(await as(other).trigger(trigger.id)).toBeNull();
      expect(await refusalOf(as(other).deleteTrigger(trigger.id))).toMatchObject({ code: 'NOT_FOUND' });
    }
    const many = key({ projects: ['a', 'b'] });
    expect(await refusalOf(as(many).createTrigger({ name: fresh('hook'), webhook: {} }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await as(key(caller.rows)).deleteTrigger(trigger.id)).toBe(trigger.id);
  });

  test('has subscriptions that others do not see, unless they share its project, or are admins', async () => {
    const caller = key({ projects: [fresh('project')] });
    const { id } = await as(caller).subscribe(caller, { topics: ['*'] });
    const partner = key(caller.rows);
    const admin = key(null, ['admin']);
    for (const one of [caller, partner, admin]) expect(await as(one).subscription(id)).toMatchObject({ id });
    for (const one of [key({ projects: ['else'] }), key(null)]) {
      const others = as(one);
      expect(await others.subscription(id)).toBeNull();
      expect((await others.subscriptions({})).rows.map(({ row }) => row.id)).not.toContain(id);
      for (const use of [
        () => others.nextEvent(one, [id], 0),
        () => others.acknowledge(id, '1'),
        () => others.unsubscribe(id),
        () => others.subscriptionEvents([id]),
      ])
        expect(await refusalOf(use())).toMatchObject({ code: 'NO_SUCH_SUBSCRIPTION' });
    }
    expect(await as(partner).unsubscribe(id)).toBe(id);
  });

  test('counts only subscribers that the event is visible to', async () => {
    const [one, other] = [key({ projects: [fresh('p')] }), key({ projects: [fresh('p')] })];
    const topic = fresh('topic');
    for (const caller of [one, other]) await as(caller).subscribe(caller, { topics: [topic] });
    const { data } = await gateway().askAs<any>(
      one,
      `mutation { sendEvent(input: {topic: "${topic}", project: "${one.rows!.projects![0]}"}) { matched } }`,
    );
    expect(data.sendEvent.matched).toBe(1);
  });
});

describeDatabases('A worker’s key', (backend) => {
  const gateway = composedOnce(backend);
  const worker = key(null, scopePresets.worker);

  async function claim(caller: Caller) {
    const [source, target] = [fresh('source'), fresh('target')];
    const parent = await gateway().send();
    const id = await gateway().send({ topic: source, dependsOn: parent, payload: { n: 1 } });
    const input = `input: {sourceTopics: ["${source}"], targetTopic: "${target}", worker: "w"}`;
    const plain = 'id topic status payload lease { worker }';
    const answer = await gateway().askAs<any>(
      caller,
      `mutation { enroll(${input}) { attempt event { ${plain} dependsOn { id } } source { ${plain} } } }`,
    );
    return { id, job: answer.data?.enroll.event.id as string, ...answer };
  }

  test('reads its jobs and their sources, and finishes them with its attempt', async () => {
    const { id, job, data, errors } = await claim(worker);
    expect(errors).toEqual([]);
    expect(data.enroll).toMatchObject({ source: { id, payload: { n: 1 } }, event: { dependsOn: { id } } });
    const { data: done } = await gateway().askAs<any>(
      worker,
      `mutation { updateEvent(input: {id: "${job}", attempt: 1, status: FINISHED, result: 3}) { id status result } }`,
    );
    expect(done.updateEvent).toEqual({ id: job, status: 'FINISHED', result: 3 });
  });

  test.each(['dependsOn { id }', 'dependents { totalCount }', 'history { to }'])(
    'reads nothing above or beside them: %s',
    async (field) => {
      const [source, target] = [fresh('source'), fresh('target')];
      await gateway().send({ topic: source, dependsOn: await gateway().send() });
      const { errors } = await gateway().askAs(
        worker,
        `mutation { enroll(input: {sourceTopics: ["${source}"], targetTopic: "${target}", worker: "w"})
          { source { ${field} } } }`,
      );
      expect(errors.map(({ extensions }) => [extensions.code, extensions.scope])).toEqual([
        ['FORBIDDEN', 'events:read'],
      ]);
    },
  );

  test('changes nothing without an attempt', async () => {
    const id = await gateway().send({ finished: false });
    const update = guard(gateway().operations, worker).updateEvent(worker, { id, status: 'FINISHED' });
    expect(await refusalOf(update)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await gateway().read(id)).toMatchObject({ status: 'PENDING' });
  });

  test('cannot use the attempt of another key, nor learn whether there is one', async () => {
    const { job } = await claim(worker);
    const other = key(null, scopePresets.worker);
    const operations = guard(gateway().operations, other);
    const uses = (id: string) => [
      operations.updateEvent(other, { id, attempt: 1, status: 'FINISHED' }),
      operations.updateEvent(other, { id, attempt: 1, progress: 5 }),
      operations.extendLease(id, 1, null),
      operations.releaseJob(other, id, 1),
    ];
    const said = async (id: string) =>
      (await Promise.all(uses(id).map(refusalOf))).map((refusal) => saidOf(refusal, id));
    expect(await said(job)).toEqual(await said(unknownId));
    expect(await gateway().read(job)).toMatchObject({ status: 'PENDING' });
    const { attempt } = await guard(gateway().operations, worker).extendLease(job, 1, null);
    expect(attempt).toBe(1);
  });

  test('with sticky gets no job that another key’s worker of the same name holds', async () => {
    const [source, target] = [fresh('source'), fresh('target')];
    await gateway().send({ topic: source });
    const input = { sourceTopics: [source], targetTopic: target, worker: 'same', sticky: true };
    const enroll = (caller: Caller) => guard(gateway().operations, caller).enroll(caller, input, 1);
    const [held] = await enroll(worker);
    expect(await enroll(key(null, scopePresets.worker))).toEqual([]);
    expect((await enroll(worker)).map(({ event }) => event.id)).toEqual([held!.event.id]);
  });

  test('enrolls for a target among its topics, and for its project, only', async () => {
    const caller = key({ projects: ['own'], topics: ['a.*'] }, scopePresets.worker);
    const enroll = (input: object) =>
      guard(gateway().operations, caller).enroll(
        caller,
        { sourceTopics: ['*'], targetTopic: 'a.job', worker: 'w', ...input },
        1,
      );
    expect(await refusalOf(enroll({ targetTopic: 'b' }))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await refusalOf(enroll({ project: 'other' }))).toMatchObject({ code: 'FORBIDDEN' });
    await gateway().send({ topic: 'a.x', project: 'other' });
    expect(await enroll({})).toEqual([]);
    const id = await gateway().send({ topic: 'a.x', project: 'own' });
    expect((await enroll({})).map(({ source }) => source!.id)).toEqual([id]);
  });
});

describeDatabases('A topic of the gateway itself', (backend) => {
  const gateway = composedOnce(backend);
  const admin = key(null, ['admin']);
  const topic = 'throughline.audit.test';
  const write = async () =>
    (await gateway().operations.sendEvent(admin, { topic, payload: { what: 1 } }, { isOwn: true })).event.id;

  test('is refused to every sender, declaration, target and trigger', async () => {
    const { operations } = gateway();
    const refused: (() => Promise<unknown>)[] = [
      () => operations.sendEvent(admin, { topic }),
      () => operations.sendEvent(admin, { topic, store: false }),
      () => operations.sendEvent(admin, { sender: topic }),
      () => operations.declareTopic(admin, { name: topic }),
      () => operations.enroll(admin, { sourceTopics: ['*'], targetTopic: topic, worker: 'w' }, 1),
      () => operations.createTrigger({ name: fresh('hook'), webhook: {}, topic }, admin),
    ];
    for (const each of refused) expect(await refusalOf(each())).toMatchObject({ code: 'FORBIDDEN' });
    const { errors } = await operations.sendEvents(admin, [{ topic }, { topic: 'a' }]);
    expect(errors.map(({ index, code }) => [index, code])).toEqual([[0, 'FORBIDDEN']]);
  });

  test('has events that nobody changes or deletes, one by one or by a filter', async () => {
    const id = await write();
    const { operations } = gateway();
    const before = await gateway().read(id);
    const refused: (() => Promise<unknown>)[] = [
      () => operations.updateEvent(admin, { id, status: 'RESTARTED' }),
      () => operations.updateEvent(admin, { id, progress: 5 }),
      () => operations.deleteEvent(admin, id),
    ];
    for (const each of refused) expect(await refusalOf(each())).toMatchObject({ code: 'FORBIDDEN' });
    const filter = { ids: [id] };
    expect(await operations.deleteEvents(admin, filter, false)).toEqual({ count: 0, ids: [] });
    expect(await operations.restartEvents(admin, filter, true)).toEqual({ count: 0, ids: [] });
    expect(await gateway().read(id)).toEqual(before);
  });

  test('is visible with audit:read only', async () => {
    const id = await write();
    const reader = key(null, ['events:read']);
    const auditor = key(null, ['events:read', 'audit:read']);
    const query = `{ event(id: "${id}") { id } events(filter: {topics: ["throughline.*"]}) { totalCount }
      topics(prefix: "throughline") { name } }`;
    const { data } = await gateway().askAs(reader, query);
    expect(data).toEqual({ event: null, events: { totalCount: 0 }, topics: [] });
    expect((await gateway().askAs<any>(auditor, query)).data).toMatchObject({ event: { id } });
    const update = guard(gateway().operations, key(null)).updateEvent(reader, { id, status: 'FAILED' });
    expect(await refusalOf(update)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describeDatabases('A token for one request', (backend) => {
  const gateway = composedOnce(backend);

  test('sees and watches that request, and sends to it', async () => {
    const requestId = fresh('request');
    const caller = key({ requestIds: [requestId] });
    const operations = guard(gateway().operations, caller);
    await gateway().send();
    const id = await gateway().send({ requestId });
    const { rows } = await operations.listEvents(null, { by: 'CREATED', direction: 'ASC' }, {}, []);
    expect(rows.map(({ row }) => row.id)).toEqual([id]);
    expect(await refusalOf(operations.sendEvent(caller, { topic: 'a' }))).toMatchObject({
      code: 'FORBIDDEN',
    });
    const feed = await gateway().subscribeAs<any>(caller, 'subscription { eventFeed { event { id } } }');
    await gateway().send();
    const below = await operations.sendEvent(caller, { topic: 'a', dependsOn: id });
    expect((await feed.next()).eventFeed.event.id).toBe(below.event.id);
    feed.stop();
  });
});
