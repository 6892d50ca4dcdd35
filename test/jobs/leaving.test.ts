// Clients that go away while their call of enroll waits, over HTTP and WebSockets: what they would get is not lost.
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { describeDatabases } from '../support/database.ts';
import { fresh, startGateway, type TestGateway } from '../support/gateway.ts';

const enroll = `mutation($input: EnrollInput!) { enroll(input: $input) {
  attempt leaseUntil event { id status retries lease { worker attempt until } } source { id topic payload } } }`;

interface Enrolled {
  readonly enroll: {
    readonly attempt: number;
    readonly leaseUntil: string;
    readonly event: { readonly id: string; readonly retries: number; readonly lease: object | null };
    readonly source: { readonly id: string; readonly payload: object };
  } | null;
}

describeDatabases('a job claimed by one who went away', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());

  function newAsk(worker: string) {
    const topic = fresh('source');
    return { sourceTopics: [topic], targetTopic: `${topic}.job`, worker, waitMs: 60_000, maxRetries: 0 };
  }

  async function send(topic: string): Promise<string> {
    const query =
      'mutation($topic: String!) { sendEvent(input: {topic: $topic, payload: {n: 1}}) { event { id } } }';
    const { data } = await gateway.ask<{ sendEvent: { event: { id: string } } }>(query, { topic });
    return data!.sendEvent.event.id;
  }

  /** The one who stays gets the job, whether it was claimed for the other one or not. */
  async function goesToAnother(input: ReturnType<typeof newAsk>): Promise<void> {
    const source = await send(input.sourceTopics[0]!);
    const { data } = await gateway.ask<Enrolled>(enroll, { input: { ...input, worker: 'staying' } });
    expect(data?.enroll).toMatchObject({
      source: { id: source, payload: { n: 1 } },
      event: { status: 'PENDING', retries: 0, lease: { worker: 'staying', attempt: data?.enroll?.attempt } },
    });
    expect(data?.enroll?.event.lease).toMatchObject({ until: data?.enroll?.leaseUntil });
  }

  test('over HTTP', async () => {
    const input = newAsk('leaving');
    const going = new AbortController();
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'test-key' },
      body: JSON.stringify({ query: enroll, variables: { input } }),
      signal: going.signal,
    });
    // Mostly while the call waits; it must come out right at any other moment too.
    setTimeout(() => going.abort(), 200);
    await expect(answer).rejects.toThrow('aborted');
    await goesToAnother(input);
  });

  test.each(['socket', 'operation'])('over a WebSocket, by closing the %s', async (what) => {
    const input = newAsk('leaving');
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: 'Bearer test-key' },
      webSocketImpl: WebSocket,
      lazy: false,
      onNonLazyError: () => {},
      retryAttempts: 0,
    });
    const results = client.iterate<Enrolled>({ query: enroll, variables: { input } });
    const reading = results.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (what === 'operation') await results.return?.();
    else client.terminate();
    await reading.catch(() => {});
    await goesToAnother(input);
    await client.dispose();
  });

  test('over a WebSocket that has begun to close, and does not end', async () => {
    const input = newAsk('leaving');
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const next = () => new Promise((resolve) => socket.once('message', resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer test-key' } }));
    await next();
    const subscribed = { id: '1', type: 'subscribe', payload: { query: enroll, variables: { input } } };
    socket.send(JSON.stringify(subscribed));
    // What was sent before is answered before.
    socket.send(JSON.stringify({ type: 'ping' }));
    await next();
    // It reads no more, so that it does not learn that the other end closes too, and the connection stays.
    socket.pause();
    socket.close(1000);
    await goesToAnother(input);
    socket.terminate();
  });

  test('is theirs who were answered', async () => {
    const input = newAsk('answered');
    await send(input.sourceTopics[0]!);
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: 'Bearer test-key' },
      webSocketImpl: WebSocket,
    });
    const { value } = await client.iterate<Enrolled>({ query: enroll, variables: { input } }).next();
    const job = value!.data!.enroll!;
    expect(job.attempt).toBe(1);
    await client.dispose();
    const query = 'query($id: ID!) { event(id: $id) { lease { worker attempt } } }';
    const { data } = await gateway.ask(query, { id: job.event.id });
    expect(data).toEqual({ event: { lease: { worker: 'answered', attempt: 1 } } });
  });
});
