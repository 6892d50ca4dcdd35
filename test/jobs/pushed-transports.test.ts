// The subscription `jobs` over WebSocket and SSE: who goes away, who reads nothing, and gateways that stop.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Stream } from '../http/event-stream-reader.ts';
import { key, post, RawClient, type Running } from '../http/support.ts';
import { serveParts } from '../subscriptions/support.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, tester } from '../support/gateway.ts';
import { enrollMany } from './support.ts';

interface Job {
  readonly attempt: number;
  readonly event: { readonly id: string };
  readonly source: { readonly id: string };
}

interface Result {
  readonly data: { readonly jobs: Job };
}

const query = `subscription ($input: EnrollInput!, $prefetch: Int) {
  jobs(input: $input, prefetch: $prefetch) { attempt event { id } source { id } } }`;
const update = 'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { code } } }';

/** How a test talks to a subscriber, whichever transport it uses. */
interface Subscriber {
  take(count: number): Promise<Job[]>;
  update(jobs: readonly Job[], status: string): Promise<void>;
  /** Goes away without a word. */
  leave(): void;
  /** Resolves once the connection has ended; true where the subscription was said to be complete. */
  ended(): Promise<boolean>;
}

const inputsOf = (jobs: readonly Job[], status: string) =>
  jobs.map(({ event, attempt }) => ({ id: event.id, attempt, status }));

async function overWebSocket(server: Running, variables: object): Promise<Subscriber> {
  const client = await new RawClient(server).acknowledged();
  client.subscribe('jobs', query, { variables });
  const pushed: Job[] = [];
  let answered = () => {};
  /** Answers of updates come between jobs on the same socket. */
  const read = async () => {
    const { id, type, payload } = await client.next();
    if (id === 'jobs' && type === 'next') pushed.push((payload as Result).data.jobs);
    else if (type === 'next') {
      expect(payload).toEqual({ data: { updateEvents: { errors: [] } } });
      answered();
    }
  };
  return {
    take: async (count) => {
      while (pushed.length < count) await read();
      return pushed.splice(0, count);
    },
    update: async (jobs, status) => {
      let isAnswered = false;
      answered = () => void (isAnswered = true);
      client.subscribe(fresh('update'), update, { variables: { input: inputsOf(jobs, status) } });
      while (!isAnswered) await read();
    },
    leave: () => client.end(),
    ended: async () => {
      await client.closed;
      return false;
    },
  };
}

async function overStream(server: Running, variables: object): Promise<Subscriber> {
  const stream = new Stream<Result>(server, query, variables);
  let read = 0;
  return {
    take: async (count) => {
      const jobs: Job[] = [];
      while (jobs.length < count) jobs.push((await stream.result(read++)).data.jobs);
      return jobs;
    },
    update: async (jobs, status) => {
      const { body } = await post(server, { query: update, variables: { input: inputsOf(jobs, status) } });
      expect(body).toEqual({ data: { updateEvents: { errors: [] } } });
    },
    leave: () => stream.leave(),
    ended: async () => (await stream.end()).includes('event: complete'),
  };
}

const transports = { WebSocket: overWebSocket, SSE: overStream };

describeDatabases('pushed jobs', (backend) => {
  const gateway = composedOnce(backend);
  const subscribers: Subscriber[] = [];
  afterEach(() => {
    for (const subscriber of subscribers.splice(0)) subscriber.leave();
  });

  async function prepared(count: number, payload: object = {}) {
    const asked = { sourceTopics: [fresh('source')], targetTopic: fresh('target'), worker: 'worker' };
    const inputs = Array.from({ length: count }, () => ({ topic: asked.sourceTopics[0]!, payload }));
    await gateway().operations.sendEvents(tester, inputs as never);
    return { asked, server: await serveParts(gateway()) };
  }

  async function subscribed(over: typeof overStream, server: Running, variables: object) {
    const subscriber = await over(server, variables);
    subscribers.push(subscriber);
    return subscriber;
  }

  async function heldOf(target: string): Promise<number> {
    const text = `SELECT count(*)::int AS held FROM jobs WHERE target = $1 AND worker IS NOT NULL AND ready_at > now()`;
    const [row] = await gateway().database.query<{ held: number }>({ text, values: [target] });
    return row!.held;
  }

  const untilHeld = (target: string, count: number) =>
    vi.waitFor(async () => expect(await heldOf(target)).toBe(count), { timeout: 20_000, interval: 20 });

  /** Resolves when no more are claimed; were it too early, the test would still hold what it says. */
  async function standstill(target: string): Promise<number> {
    let [last, since] = [-1, performance.now()];
    while (performance.now() - since < 400) {
      const held = await heldOf(target);
      if (held !== last) [last, since] = [held, performance.now()];
    }
    return last;
  }

  test.each(Object.entries(transports))('are never more than asked for over %s', async (_name, over) => {
    const { asked, server } = await prepared(30);
    const subscriber = await subscribed(over, server, { input: asked, prefetch: 4 });
    const ids = new Set<string>();
    for (let n = 0; n < 7; n++) {
      const jobs = await subscriber.take(4);
      expect(await heldOf(asked.targetTopic)).toBe(4);
      for (const { event } of jobs) ids.add(event.id);
      await subscriber.update(jobs, 'FINISHED');
    }
    await subscriber.take(2);
    expect(ids.size).toBe(28);
  });

  test.each(Object.entries(transports))(
    'go back at once to another over %s, unless they were begun',
    async (_name, over) => {
      const { asked, server } = await prepared(6);
      const subscriber = await subscribed(over, server, { input: asked, prefetch: 6 });
      const jobs = await subscriber.take(6);
      await subscriber.update(jobs.slice(0, 2), 'IN_PROGRESS');
      const waiting = gateway().operations.enroll(tester, { ...asked, worker: 'another', waitMs: 60_000 }, 6);
      subscriber.leave();
      const first = await waiting;
      await untilHeld(asked.targetTopic, 2 + first.length);
      const rest = await enrollMany(gateway(), { ...asked, worker: 'another' }, 6);
      const given = [...first, ...rest].map(({ event }) => event.id);
      expect(given.toSorted()).toEqual(
        jobs
          .slice(2)
          .map(({ event }) => event.id)
          .toSorted(),
      );
    },
  );

  test('go back where the subscription is completed, and its socket stays', async () => {
    const { asked, server } = await prepared(3);
    const client = await new RawClient(server).acknowledged();
    client.subscribe('jobs', query, { variables: { input: asked, prefetch: 3 } });
    for (let n = 0; n < 3; n++) await client.next();
    client.send({ id: 'jobs', type: 'complete' });
    await untilHeld(asked.targetTopic, 0);
    client.end();
  });

  test.each(Object.entries(transports))(
    'go back where the gateway stops, which does not say over %s that all is over',
    async (_name, over) => {
      const { asked, server } = await prepared(4);
      const subscriber = await subscribed(over, server, { input: asked, prefetch: 3 });
      await subscriber.update((await subscriber.take(3)).slice(0, 1), 'IN_PROGRESS');
      await server.server.stop();
      expect(await subscriber.ended()).toBe(false);
      await untilHeld(asked.targetTopic, 1);
    },
  );

  test('are left to others where a stream that nobody reads has no room for them', async () => {
    // Written eighty times each, they are more than the buffers of a connection hold, and eight fill an answer.
    const { asked, server } = await prepared(40, { text: 'x'.repeat(20_000) });
    const copies = Array.from({ length: 80 }, (_, n) => `e${n}: source { payload }`).join(' ');
    const text = `subscription ($input: EnrollInput!) { jobs(input: $input, prefetch: 40) { ${copies} } }`;
    const socket = connect(server.port, '127.0.0.1');
    const body = JSON.stringify({ query: text, variables: { input: asked } });
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'readable');
    await vi.waitFor(async () => expect(await heldOf(asked.targetTopic)).toBeGreaterThan(0), 20_000);
    const held = await standstill(asked.targetTopic);
    expect(held).toBeLessThan(30);
    expect(await enrollMany(gateway(), { ...asked, worker: 'another' }, 100)).toHaveLength(40 - held);
    socket.destroy();
    await untilHeld(asked.targetTopic, 40 - held);
  });
});
