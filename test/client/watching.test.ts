// Live streams of the client: they go on after the last position seen, without a gap or a repeat.
import { expect, test } from 'vitest';
import type { EventChange, StreamState } from '../../src/client/client.ts';
import { describeDatabases } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { clientTests, collect, endOfLog, transports } from './support.ts';

describeDatabases('Live streams', (backend) => {
  const tests = clientTests(backend);

  test.for(transports)(
    'over $name, a watch shows each change once, in order, however often it is cut',
    async ({ options }) => {
      const topic = fresh('watched');
      const client = tests.client(options);
      const states: StreamState['status'][] = [];
      const changes = client.watch({
        filter: { topics: [topic] },
        after: await endOfLog(client),
        onState: ({ status }) => states.push(status),
      });
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { event } of changes) {
          seen.push(event.payload.n);
          if (seen.length === 300) return;
        }
      })();
      const sender = tests.client({ url: tests.gateway.url });
      for (let n = 0; n < 300; n += 20) {
        const batch = Array.from({ length: 20 }, (_, i) => ({ topic, payload: { n: n + i } }));
        await collect(sender.sendMany(batch));
        if (n % 60 === 0) tests.proxy.cut();
      }
      await reading;
      expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => n));
      expect(states).toContain('reconnecting');
      expect(states.at(-1)).toBe('connected');
    },
  );

  test.for(transports)('over $name, a watch goes on when the gateway was away', async ({ options }) => {
    const topic = fresh('away');
    const client = tests.client(options);
    let left: () => void = () => {};
    const lost = new Promise<void>((resolve) => (left = resolve));
    const changes = client.watch({
      filter: { topics: [topic] },
      after: await endOfLog(client),
      onState: (state) => state.status === 'reconnecting' && state.failures > 1 && left(),
    });
    const direct = tests.client({ url: tests.gateway.url });
    await direct.send(topic, { n: 1 });
    expect(await payloads(changes, 1)).toEqual([{ n: 1 }]);
    tests.proxy.isAway = true;
    tests.proxy.cut();
    const next = payloads(changes, 1);
    await lost;
    await direct.send(topic, { n: 2 });
    tests.proxy.isAway = false;
    expect(await next).toEqual([{ n: 2 }]);
    await changes.return!();
  });

  test.for(transports)(
    'over $name, a reader that is slower than the log gets all of it',
    async ({ options }) => {
      const topic = fresh('slow');
      const client = tests.client(options);
      const position = await endOfLog(client);
      const events = Array.from({ length: 2_500 }, (_, n) => ({ topic, payload: { n } }));
      await collect(client.sendMany(events, { batchSize: 1_250 }));
      const changes = client.watch({ filter: { topics: [topic] }, after: position });
      const first = await payloads(changes, 1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const others = await payloads(changes, 2_499);
      expect([...first, ...others]).toEqual(events.map(({ payload }) => payload));
      await changes.return!();
    },
  );

  test('a watch ends without an error when its signal is aborted, and when it is left', async () => {
    const stop = new AbortController();
    const waiting = collect(
      tests.client(transports[0].options).watch({ signal: stop.signal, filter: { topics: [fresh('x')] } }),
    );
    stop.abort();
    expect(await waiting).toEqual([]);
    const left = tests.client(transports[1].options).watch({ filter: { topics: [fresh('x')] } });
    const next = left.next();
    await left.return!();
    expect(await next).toMatchObject({ done: true });
  });

  test('a watch that the gateway refuses throws', async () => {
    const refused = tests.client(transports[0].options).watch({ where: 'nothing ==' });
    await expect(refused.next()).rejects.toMatchObject({ code: 'INVALID_FILTER' });
    const other = tests.client({ ...transports[0].options, key: 'of-nobody' }).watch({ after: '0' });
    await expect(other.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test.for(transports)(
    'over $name, status shows where events are, then every change, each once',
    async ({ options }) => {
      const client = tests.client(options);
      const requestId = fresh('request');
      const topic = fresh('status');
      const { id } = await client.send(topic, {}, { requestId, finished: false });
      const changes = client.status({ requestId });
      const shown = async (): Promise<string> => {
        const { value } = (await changes.next()) as IteratorResult<EventChange, undefined>;
        return `${value?.event.topic} ${value?.status}`;
      };
      expect(await shown()).toBe(`${topic} PENDING`);
      const update =
        'mutation($id: ID!, $status: EventStatus!) { updateEvent(input: {id: $id, status: $status}) { id } }';
      const next = shown();
      await client.mutate(update, { id, status: 'IN_PROGRESS' });
      expect(await next).toBe(`${topic} IN_PROGRESS`);
      tests.proxy.cut();
      await tests.client({ url: tests.gateway.url }).mutate(update, { id, status: 'FINISHED' });
      expect(await shown()).toBe(`${topic} FINISHED`);
      await client.send(`${topic}.child`, {}, { requestId });
      expect(await shown()).toBe(`${topic}.child FINISHED`);
      await changes.return!();
    },
  );

  test('progress shows what is reported', async () => {
    const client = tests.client(transports[0].options);
    const { id } = await client.send(fresh('work'), {}, { finished: false });
    let isOpen = () => {};
    const opened = new Promise<void>((resolve) => (isOpen = resolve));
    const reports = client.progress({
      ids: [id],
      onState: ({ status }) => status === 'connected' && isOpen(),
    });
    const first = reports.next();
    await opened;
    const report = 'mutation($id: ID!) { updateEvent(input: {id: $id, progress: 40}) { id } }';
    // Broadcast: who is not yet registered misses it.
    const repeating = setInterval(() => void client.mutate(report, { id }).catch(() => {}), 50);
    expect(await first).toMatchObject({ value: { eventId: id, progress: 40 } });
    clearInterval(repeating);
    await reports.return!();
  });
});

async function payloads(changes: AsyncIterableIterator<EventChange>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < count) {
    const { value, done } = await changes.next();
    if (done) throw new Error('the watch ended');
    taken.push(value.event.payload);
  }
  return taken;
}
