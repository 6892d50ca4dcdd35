// Gateways for tests of users: empty each time, with advanced time and waits for facts.
import { expect, onTestFinished, test } from 'vitest';
import { defineHandler } from '../../src/gateway.ts';
import { createTestGateway, type TestGateway } from '../../src/client/testing.ts';
import type { TestGatewaySettings } from '../../src/testing.ts';

async function start(settings: TestGatewaySettings = {}): Promise<TestGateway> {
  const gateway = await createTestGateway(settings);
  onTestFinished(() => gateway.stop());
  return gateway;
}

const hour = 3_600_000;

async function topicsOf({ client }: TestGateway): Promise<string[]> {
  const query = '{ events(first: 1000, orderBy: {direction: ASC}) { nodes { topic } } }';
  const { events } = await client.query<{ events: { nodes: { topic: string }[] } }, object>(query);
  return events.nodes.map(({ topic }) => topic);
}

test('each gateway begins empty, several at once do not meet, and a later one is quick', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  await one.client.send('order.paid', { n: 1 });
  expect(await topicsOf(one)).toEqual(['order.paid']);
  expect(await topicsOf(two)).toEqual([]);
  await one.stop();
  const times: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    const startedAt = performance.now();
    const next = await createTestGateway();
    times.push(performance.now() - startedAt);
    expect(await topicsOf(next)).toEqual([]);
    await next.client.send('order.paid', { n });
    await next.stop();
  }
  // 46 to 100 ms on an idle machine of two cores; this one runs other tests.
  expect(Math.min(...times)).toBeLessThan(500);
});

test('waitFor resolves with an event that was sent or comes, and fails with what there is', async () => {
  const gateway = await start();
  await gateway.client.send('order.paid', { total: 1 });
  await gateway.client.send('order.paid', { total: 2 });
  expect(await gateway.waitFor({ topic: 'order.*', where: 'data.total > 1' })).toMatchObject({
    payload: { total: 2 },
  });
  const later = gateway.waitFor({ topic: 'invoice.written' });
  await gateway.client.send('invoice.written', {});
  expect((await later).topic).toBe('invoice.written');
  await expect(gateway.waitFor({ topic: 'never' }, { timeoutMs: 50 })).rejects.toThrow(
    /No event .*"topic":"never".* within 50 ms\. Events: invoice\.written FINISHED, order\.paid FINISHED/,
  );
});

test('settled resolves when workers and handlers have done all that is there', async () => {
  let handled = 0;
  const count = defineHandler({
    fullName: 'events.Count',
    source: 'order.paid',
    run: () => void (handled += 1),
  });
  const gateway = await start({ handlers: [count] });
  const worker = gateway.client.worker(
    { source: 'order.paid', target: 'invoice.write', stopOn: [] },
    async () => ({}),
  );
  for (let n = 0; n < 20; n += 1) await gateway.client.send('order.paid', { n });
  await gateway.waitFor({ topic: 'invoice.write' });
  await gateway.settled();
  expect(handled).toBe(20);
  expect((await topicsOf(gateway)).filter((topic) => topic === 'invoice.write')).toHaveLength(20);
  await worker.stop();
  await gateway.client.send('work.left', {}, { finished: false });
  await expect(gateway.settled({ timeoutMs: 50 })).rejects.toThrow('work.left PENDING');
});

test('advance publishes scheduled events and nothing that is due later', async () => {
  const gateway = await start();
  const sendAt = (ms: number) => new Date(Date.now() + ms).toISOString();
  await gateway.client.send('soon', {}, { sendAt: sendAt(hour / 2) });
  await gateway.client.send('later', {}, { sendAt: sendAt(2 * hour) });
  await gateway.advance(hour);
  await gateway.waitFor({ topic: 'soon', status: 'FINISHED' });
  await gateway.settled();
  await expect(gateway.waitFor({ topic: 'later', status: 'FINISHED' }, { timeoutMs: 50 })).rejects.toThrow();
  await gateway.advance(hour);
  await gateway.waitFor({ topic: 'later', status: 'FINISHED' });
});

test('advance ticks schedules one by one, each with its own time', async () => {
  const gateway = await start();
  const create = `mutation { createTrigger(input: {name: "hourly", schedule: {cron: "0 * * * *"}}) { nextRun } }`;
  const { createTrigger } = await gateway.client.mutate<{ createTrigger: { nextRun: string } }, object>(
    create,
  );
  await gateway.advance(5 * hour);
  const query = '{ events(filter: {topics: ["hourly"]}, orderBy: {direction: ASC}) { nodes { payload } } }';
  const { events } = await gateway.client.query<{ events: { nodes: { payload: object }[] } }, object>(query);
  const first = Date.parse(createTrigger.nextRun);
  expect(events.nodes.map(({ payload }) => payload)).toEqual(
    [0, 1, 2, 3, 4].map((n) => ({ scheduledAt: new Date(first + n * hour).toISOString(), missed: 0 })),
  );
});

test('advance lets retries be tried and leases lapse', async () => {
  const gateway = await start();
  await gateway.client.send('order.paid', {});
  const runs: number[] = [];
  const options = { source: 'order.paid', target: 'invoice.write', retryDelayMs: hour, stopOn: [] };
  const worker = gateway.client.worker(options, async (job) => {
    runs.push(job.retries);
    if (job.retries === 0) throw new Error('not yet');
  });
  await gateway.waitFor({ topic: 'invoice.write', status: 'FAILED' });
  await gateway.settled();
  expect(runs).toEqual([0]);
  await gateway.advance(2 * hour);
  await gateway.waitFor({ topic: 'invoice.write', status: 'FINISHED' });
  expect(runs).toEqual([0, 1]);
  await worker.stop();

  const enroll = `mutation { enroll(input: {sourceTopics: ["order.paid"], targetTopic: "mail.send", worker: "w", leaseMs: 600000}) { attempt } }`;
  const claim = async () =>
    (await gateway.client.mutate<{ enroll: { attempt: number } | null }, object>(enroll)).enroll;
  expect(await claim()).toEqual({ attempt: 1 });
  expect(await claim()).toBeNull();
  await gateway.advance(hour);
  expect(await claim()).toEqual({ attempt: 2 });
});
