// `kill -9` of a gateway while a worker is pushed jobs: each source has one job in the end, which was finished once.
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { describeDatabases } from '../support/database.ts';
import { adminKey, ask, settingsFor, startGateway } from '../support/process.ts';

const sources = 400;
const kills = 4;

interface Pushed {
  readonly jobs: { readonly attempt: number; readonly event: { readonly id: string } };
}

const pushing = `subscription ($input: EnrollInput!) { jobs(input: $input, prefetch: 20) { attempt event { id } } }`;
const finish = `mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }`;
const input = { sourceTopics: ['source'], targetTopic: 'target', worker: 'worker', leaseMs: 1_000 };

/** Works on what it is pushed by the gateway there, until that is no more. */
async function work(url: string, onFinished: (id: string) => void): Promise<void> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: `Bearer ${adminKey}` },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const done = async ({ event: { id }, attempt }: Pushed['jobs']) => {
    const variables = { input: { id, attempt, status: 'FINISHED' } };
    const { value } = await client.iterate({ query: finish, variables }).next();
    if (value?.data) onFinished(id);
  };
  const unfinished = new Set<Promise<void>>();
  try {
    for await (const { data } of client.iterate<Pushed>({ query: pushing, variables: { input } })) {
      const finishing = done(data!.jobs)
        .catch(() => {})
        .finally(() => unfinished.delete(finishing));
      unfinished.add(finishing);
      await delay(1);
    }
  } catch {
    // The gateway was killed.
  }
  await Promise.all(unfinished);
  await client.dispose();
}

describeDatabases('Pushed jobs', (backend) => {
  test('survive the gateway that is killed: none is lost, none is finished twice', async () => {
    const settings = settingsFor(await backend.target());
    const finished: string[] = [];
    const send = `mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { code } } }`;
    let gateway = await startGateway(settings);
    const events = Array.from({ length: sources }, (_, n) => ({ topic: 'source', payload: { n } }));
    await ask(await gateway.url, send, { variables: { input: events } });
    for (let count = 0; count < kills; count++) {
      const before = finished.length;
      const working = work(await gateway.url, (id) => finished.push(id));
      while (finished.length < before + 30) await delay(5);
      await gateway.kill();
      await working;
      gateway = await startGateway(settings);
    }
    const url = await gateway.url;
    const working = work(url, (id) => finished.push(id));
    const counting =
      '{ events(filter: {topics: ["target"], statuses: [FINISHED]}) { totalCount } all: events(filter: {topics: ["target"]}) { totalCount } }';
    const counted = async () => (await ask<Record<string, { totalCount: number }>>(url, counting)).data ?? {};
    while ((await counted()).events?.totalCount !== sources) await delay(100);
    expect(await counted()).toEqual({ events: { totalCount: sources }, all: { totalCount: sources } });
    expect(new Set(finished).size).toBe(finished.length);
    await gateway.stop();
    await working;
  }, 120_000);
});
