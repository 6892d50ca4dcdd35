// The subscription `subscriptionEvents` over WebSocket and SSE: assignment of events, disconnects, and slow readers.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { eventStream, Stream } from '../http/event-stream-reader.ts';
import { key, post, RawClient, type Running } from '../http/support.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh } from '../support/gateway.ts';
import { drain, next, read, serveParts, subscribe, watchCalls } from './support.ts';

/** The same subscription in the forms that GraphQL allows. */
const forms = {
  plain: (id: string) => `subscription { subscriptionEvents(ids: ["${id}"]) { event { id } } }`,
  alias: (id: string) => `subscription { mine: subscriptionEvents(ids: ["${id}"]) { event { id } } }`,
  fragment: (id: string) =>
    `subscription { ...Root } fragment Root on Subscription { ... { subscriptionEvents(ids: ["${id}"]) { event { id } } } }`,
};

interface Result {
  readonly data: Record<string, { readonly event: { readonly id: string } }>;
}

function eventOf({ data }: Result): string {
  return Object.values(data)[0]!.event.id;
}

describeDatabases('subscriptionEvents', (backend) => {
  const gateway = composedOnce(backend);
  const clients: { end(): void }[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.end();
  });

  async function connected(server: Running): Promise<RawClient> {
    const client = await new RawClient(server).acknowledged();
    clients.push(client);
    return client;
  }

  function streamed(server: Running, query: string): Stream<Result> {
    const stream = new Stream<Result>(server, query);
    clients.push({ end: () => stream.leave() });
    return stream;
  }

  async function prepared(count: number, more: object = {}) {
    const topic = fresh('topic');
    const id = await subscribe(gateway(), { topics: [topic] });
    const events: string[] = [];
    for (let n = 0; n < count; n++) events.push(await gateway().send({ topic, ...more }));
    return { server: await serveParts(gateway()), topic, id, events };
  }

  test.each(Object.entries(forms))(
    'has one execution per subscriber on both transports (%s)',
    async (_name, form) => {
      const { server, topic, id } = await prepared(0);
      const calls = watchCalls(gateway());
      const [first, second] = [await connected(server), await connected(server)];
      first.subscribe('a', form(id));
      await calls.until(1);
      second.subscribe('a', form(id));
      await calls.until(2);
      const third = streamed(server, form(id));
      await calls.until(3);
      const events: string[] = [];
      for (let n = 0; n < 3; n++) events.push(await gateway().send({ topic }));
      // A subscriber that requests its next event may be quicker than one that is still waiting.
      const got: string[] = [];
      let read = 0;
      const keep = async (next: () => Promise<Result>): Promise<never> => {
        for (;;) got.push(eventOf(await next()));
      };
      for (const next of [
        async () => (await first.next()).payload,
        async () => (await second.next()).payload,
        () => third.result(read++),
      ])
        keep(next).catch(() => {});
      await vi.waitFor(() => expect(got.toSorted()).toEqual(events.toSorted()), { timeout: 20_000 });
    },
  );

  test('ends with an error if the subscription is unsubscribed or does not exist', async () => {
    const { server, id } = await prepared(0);
    const calls = watchCalls(gateway());
    const client = await connected(server);
    client.subscribe('a', forms.plain(id));
    const stream = streamed(server, forms.plain(id));
    await calls.until(2);
    await gateway().operations.unsubscribe(id);
    const refused = { extensions: { code: 'NO_SUCH_SUBSCRIPTION', subscriptionId: id } };
    expect(await client.next()).toMatchObject({ id: 'a', type: 'error', payload: [refused] });
    client.subscribe('b', forms.plain(id));
    expect(await client.next()).toMatchObject({ id: 'b', type: 'error', payload: [refused] });
    for (const text of [
      await stream.end(),
      (await post(server, { query: forms.plain(id) }, eventStream)).body as string,
    ]) {
      expect(text).toMatch(/^event: next\ndata: \{"errors":.*"code":"NO_SUCH_SUBSCRIPTION"/m);
      expect(text.endsWith('event: complete\ndata: \n\n')).toBe(true);
    }
    expect(calls.waiting).toBe(0);
  });

  test('delivers nothing to a client that completes it, closes its socket or closes its stream', async () => {
    const { server, topic, id } = await prepared(0);
    const calls = watchCalls(gateway());
    const [completing, closing] = [await connected(server), await connected(server)];
    for (const client of [completing, closing]) client.subscribe('a', forms.plain(id));
    const stream = streamed(server, forms.plain(id));
    await calls.until(3);
    completing.send({ id: 'a', type: 'complete' });
    closing.socket.close();
    stream.leave();
    await calls.until(0);
    const event = await gateway().send({ topic });
    expect(await drain(gateway(), id)).toEqual([event]);
    completing.subscribe('a', forms.plain(id));
    const another = await gateway().send({ topic });
    expect(eventOf((await completing.next()).payload)).toBe(another);
  });

  test('leaves events to other subscribers while a WebSocket does not read, and continues when it does', async () => {
    const { server, topic, id, events } = await prepared(150);
    const client = await connected(server);
    client.subscribe('a', forms.plain(id));
    const got = [eventOf((await client.next()).payload)];
    client.socket.pause();
    await standstill(id);
    const rest = await drain(gateway(), id);
    expect(rest.length).toBeGreaterThan(50);
    client.socket.resume();
    while (got.length + rest.length < events.length) got.push(eventOf((await client.next()).payload));
    expect([...got, ...rest]).toEqual(events);
    const later = await gateway().send({ topic });
    expect(eventOf((await client.next()).payload)).toBe(later);
  });

  test('leaves events to other subscribers while an event stream is not read', async () => {
    // Eighty of each exceed the buffers of a connection.
    const { server, id, events } = await prepared(40, { payload: { text: 'x'.repeat(20_000) } });
    const copies = Array.from({ length: 80 }, (_, n) => `e${n}: event { payload }`).join(' ');
    const query = `subscription { subscriptionEvents(ids: ["${id}"]) { ${copies} } }`;
    const socket = connect(server.port, '127.0.0.1');
    clients.push({ end: () => socket.destroy() });
    const path = `/graphql?query=${encodeURIComponent(query)}`;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await once(socket, 'readable');
    await standstill(id);
    const rest = await drain(gateway(), id);
    expect(rest.length).toBeGreaterThan(10);
    expect(rest).toEqual(events.slice(-rest.length));
  });

  /** Resolves when no more events are delivered. If it resolved too early, the assertions would still be valid. */
  async function standstill(id: string): Promise<void> {
    let [last, since] = [-1n, performance.now()];
    while (performance.now() - since < 400) {
      const { position } = await read(gateway(), id);
      if (position !== last) [last, since] = [position, performance.now()];
    }
  }

  test('ends with its connection, without a complete message, when the gateway stops', async () => {
    const { server, topic, id } = await prepared(0);
    const calls = watchCalls(gateway());
    const client = await connected(server);
    client.subscribe('a', forms.plain(id));
    const stream = streamed(server, forms.plain(id));
    await calls.until(2);
    await server.server.stop();
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(await stream.end()).not.toContain('event: complete');
    await calls.until(0);
    const event = await gateway().send({ topic });
    expect((await next(gateway(), id))?.id).toBe(event);
  });

  test('requires a key', async () => {
    const { server, id } = await prepared(1);
    const { status } = await post(
      server,
      { query: forms.plain(id) },
      { ...eventStream, authorization: 'Bearer no' },
    );
    expect(status).toBe(401);
    const client = await new RawClient(server).opened();
    client.send({ type: 'connection_init', payload: { authorization: 'Bearer no' } });
    expect(await client.closed).toMatchObject({ code: 4403 });
    expect(await next(gateway(), id)).not.toBeNull();
  });
});
