// AYON’s WebSocket /ws: its messages, their order, their listeners, and slow readers.
import { describe, expect, it } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { ayonGateway, type Listener, newTopic, untilHeard } from './support.ts';

describeDatabases('AYON’s WebSocket', (backend) => {
  const client = ayonGateway(backend);

  /** Subscribed, and missing nothing from now on. */
  async function listening(topics: readonly string[], more: object = {}): Promise<Listener> {
    const listener = client().listen();
    const own = newTopic('ready');
    await listener.subscribe([own], {});
    await untilHeard(client(), listener, own);
    await listener.subscribe([...topics, own], more);
    const last = newTopic(own);
    await untilHeard(client(), listener, last);
    listener.heard.length = 0;
    return listener;
  }

  /** What was heard of events whose topics begin so, once the last event of all is heard. */
  async function heardOf(listener: Listener, beginning: string) {
    const end = `${beginning}.end`;
    await client().send({ topic: end });
    await listener.until(({ topic }) => topic === end);
    return listener.events.filter(({ topic }) => topic.startsWith(beginning) && topic !== end);
  }

  it('tells of an event what AYON tells, after its commit', async () => {
    const topic = newTopic('told');
    const listener = await listening([topic]);
    const parent = await client().send({ topic: newTopic() });
    const headers = { 'x-sender': 'tab', 'x-sender-type': 'web' };
    const sent = client().send(
      { topic, project: 'p', dependsOn: parent, description: 'd', summary: { a: 1 }, payload: { b: 2 } },
      { headers },
    );
    const message = await listener.until((heard) => heard.topic === topic);
    const event = await client().read(message.id);
    expect(message).toEqual({
      id: await sent,
      topic,
      project: 'p',
      user: 'admin',
      dependsOn: parent,
      description: 'd',
      summary: { a: 1 },
      status: 'finished',
      progress: 100,
      sender: 'tab',
      senderType: 'web',
      store: true,
      createdAt: event.createdAt,
      updatedAt: event.updatedAt,
    });
    listener.close();
  });

  it('tells progress with the status as it is, and progress that came with a change in one message', async () => {
    const topic = newTopic('progress');
    const listener = await listening([topic]);
    const id = await client().send({ topic, finished: false });
    await client().patch(id, { status: 'in_progress' });
    await client().patch(id, { progress: 30 }, { headers: { 'x-sender': 'tab' } });
    await client().patch(id, { progress: 60, description: 'more' });
    await client().patch(id, { status: 'finished', payload: { a: 1 } });
    const heard = await heardOf(listener, topic);
    expect(heard.map(({ status, progress }) => [status, progress])).toEqual([
      ['pending', 0],
      ['in_progress', undefined],
      ['in_progress', 30],
      ['in_progress', 60],
      ['finished', undefined],
    ]);
    expect(heard.map(({ store }) => store)).toEqual([true, undefined, undefined, undefined, undefined]);
    expect(heard[2].sender).toBe('tab');
    expect(heard[3].description).toBe('more');
    for (const message of heard)
      for (const never of ['payload', 'hash', 'retries']) expect(message).not.toHaveProperty(never);
    listener.close();
  });

  it('tells what is not stored, and jobs', async () => {
    const topic = newTopic('source');
    const target = newTopic('target');
    const listener = await listening([topic, target]);
    const transient = await client().send({ topic, store: false, summary: { n: 1 } });
    const told = await listener.until(({ id }) => id === transient);
    expect(told).toMatchObject({ store: false, progress: 100, summary: { n: 1 } });
    await client().send({ topic });
    const { body: job } = await client().enroll({ sourceTopic: topic, targetTopic: target, sender: 's' });
    expect(await listener.until(({ id }) => id === job.id)).toMatchObject({
      status: 'pending',
      progress: 0,
      sender: 's',
    });
    listener.close();
  });

  it('finds subscribers by the beginnings of topics, as texts; * is any topic', async () => {
    const topic = newTopic('entity');
    const [some, all, none] = await Promise.all([
      listening([`${topic}.folder`, `${topic}.end`]),
      listening(['*']),
      listening([`${topic}.end`]),
    ]);
    await client().send({ topic: `${topic}.folders.created` });
    await client().send({ topic: `${topic}.task` });
    expect((await heardOf(some, topic)).map((heard) => heard.topic)).toEqual([`${topic}.folders.created`]);
    expect(await heardOf(all, topic)).toHaveLength(2);
    expect(await heardOf(none, topic)).toHaveLength(0);
    for (const listener of [some, all, none]) listener.close();
  });

  it('with a project, leaves out those of others, and not those of none', async () => {
    const topic = newTopic('project');
    const listener = await listening([topic], { project: 'p' });
    for (const project of ['p', 'q', null]) await client().send({ topic, project });
    expect((await heardOf(listener, topic)).map(({ project }) => project)).toEqual(['p', null]);
    listener.close();
  });

  it('replaces a subscription by a later one, and passes over everything else that is said', async () => {
    const topic = newTopic('again');
    const listener = await listening([`${topic}.a`]);
    for (const nonsense of [
      '',
      'no json',
      '[]',
      '7',
      { topic: 'hello' },
      { topic: 'auth' },
      { topic: 'auth', token: 5 },
    ])
      await listener.say(nonsense);
    await client().send({ topic: `${topic}.a` });
    await listener.until((heard) => heard.topic === `${topic}.a`);
    await listener.subscribe([`${topic}.b`, `${topic}.end`]);
    await untilHeard(client(), listener, `${topic}.b`);
    await client().send({ topic: `${topic}.a`, description: 'not to be heard' });
    const heard = await heardOf(listener, topic);
    expect(heard.filter(({ description }) => description !== '')).toEqual([]);
    listener.close();
  });

  it('closes a socket without a good token after three seconds, and tells it nothing', async () => {
    const silent = client().listen();
    const wrong = client().listen();
    await wrong.subscribe(['*'], { token: 'wrong' });
    await client().send({ topic: newTopic() });
    expect(await Promise.all([silent.closed, wrong.closed])).toEqual([1000, 1000]);
    expect([...silent.heard, ...wrong.heard]).toEqual([]);
  });

  it('is read no faster than tokens are looked up', async () => {
    const listener = client().listen();
    await listener.subscribe(['*'], { token: 'wrong' });
    const { socket } = listener;
    const padding = ' '.repeat(200_000);
    // Each of them takes a look-up in the database.
    for (let n = 0; n < 400; n += 1)
      socket.send(JSON.stringify({ topic: 'auth', token: `wrong-${n}`, subscribe: [], padding }));
    let unread = 0;
    const looking = setInterval(() => {
      if (socket.readyState === socket.OPEN) unread = socket.bufferedAmount;
    }, 1);
    // Wrong keys are limited, so that it is closed before all of them were read.
    expect(await listener.closed).toBe(1000);
    clearInterval(looking);
    expect(unread).toBeGreaterThan(40_000_000);
  });

  it('beats while there is nothing to tell', async () => {
    const listener = client().listen();
    await listener.subscribe([newTopic()]);
    await listener.until(({ topic }) => topic === 'heartbeat');
    listener.close();
  }, 15_000);

  it('tells a restricted key its rows alone, and one that may not read nothing', async () => {
    const topic = newTopic('restricted');
    const restricted = await client().newKey({ name: newTopic(), scopes: ['events:read'], projects: ['p'] });
    const sender = await client().newKey({ name: newTopic(), scopes: ['events:send'] });
    const [all, own, none] = [await listening([topic]), client().listen(), client().listen()];
    await own.subscribe([topic], { token: restricted });
    await none.subscribe([topic], { token: sender });
    let isHeard = false;
    void own.until(() => true).then(() => (isHeard = true));
    while (!isHeard) await client().send({ topic, project: 'p', store: false });
    await client().send({ topic, project: 'q' });
    await client().send({ topic: `${topic}.last`, project: 'p' });
    await own.until((heard) => heard.topic === `${topic}.last`);
    expect(new Set(own.events.map(({ project }) => project))).toEqual(new Set(['p']));
    expect(none.events).toEqual([]);
    for (const listener of [all, own, none]) listener.close();
  });

  it('cuts off who does not read, while others hear everything', async () => {
    const topic = newTopic('slow');
    const [slow, quick] = [await listening([topic]), await listening([topic])];
    slow.socket.pause();
    const summary = { text: 'x'.repeat(500_000) };
    const sent: string[] = [];
    for (let n = 0; n < 40; n += 1) sent.push(await client().send({ topic, summary, store: false }));
    await quick.until(({ id }) => id === sent.at(-1));
    expect(quick.events.filter((heard) => heard.topic === topic).map(({ id }) => id)).toEqual(sent);
    slow.socket.resume();
    expect(await slow.closed).toBe(1006);
    expect(slow.events.filter((heard) => heard.topic === topic).length).toBeLessThan(40);
    quick.close();
  }, 30_000);

  it('tells a thousand listeners, each in order', async () => {
    const topic = newTopic('many');
    const listeners = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const listener = client().listen();
        await listener.subscribe([topic]);
        return listener;
      }),
    );
    await Promise.all(
      listeners.map(async (listener, n) =>
        n % 100 === 0 ? untilHeard(client(), listener, topic) : undefined,
      ),
    );
    // Those of whom nothing is known yet have subscribed once they hear one.
    const waiting = Promise.all(listeners.map((listener) => listener.until(() => true)));
    let isReady = false;
    void waiting.then(() => (isReady = true));
    while (!isReady) await client().send({ topic, store: false });
    const sent: string[] = [];
    for (let n = 0; n < 10; n += 1) sent.push(await client().send({ topic: `${topic}.${n}` }));
    await Promise.all(listeners.map((listener) => listener.until(({ id }) => id === sent.at(-1))));
    for (const listener of listeners) {
      expect(listener.events.filter(({ store }) => store).map(({ id }) => id)).toEqual(sent);
      listener.close();
    }
  }, 60_000);

  it('is one with GraphQL: a chain begun here is worked there, and told here', async () => {
    const topic = newTopic('chain');
    const target = newTopic('chain-target');
    const listener = await listening([target]);
    const source = await client().send({ topic });
    const { data } = await client().ours(
      'mutation ($i: EnrollInput!) { enroll(input: $i) { event { id } attempt source { id } } }',
      { i: { sourceTopics: [topic], targetTopic: target, worker: 'sdk' } },
    );
    const { event, attempt } = data.enroll;
    expect(data.enroll.source.id.replaceAll('-', '')).toBe(source);
    await client().ours('mutation ($i: UpdateEventInput!) { updateEvent(input: $i) { id } }', {
      i: { id: event.id, attempt, status: 'FINISHED' },
    });
    const id = event.id.replaceAll('-', '');
    await listener.until((heard) => heard.id === id && heard.status === 'finished');
    const told = listener.events.filter((heard) => heard.id === id);
    expect(told.map(({ status }) => status)).toEqual(['pending', 'finished']);
    listener.close();
  });

  describe('the gateway', () => {
    it('takes no other path for it', async () => {
      const response = await fetch(`${client().url}/ayon/ws`, {
        headers: { 'x-api-key': 'test-key-of-the-ayon-suite' },
      });
      expect(response.status).toBe(404);
    });
  });
});
