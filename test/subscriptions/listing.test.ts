// Subscriptions in GraphQL lists, and their expiry when unused.
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { composedForEach, fresh } from '../support/gateway.ts';
import { makeKnown, next, read, subscribe } from './support.ts';

interface Listed {
  readonly subscriptions: {
    readonly edges: { readonly cursor: string; readonly node: { readonly id: string } }[];
    readonly nodes: Record<string, unknown>[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const list = `query($first: Int, $after: String) { subscriptions(first: $first, after: $after) {
  edges { cursor node { id } } pageInfo { hasNextPage endCursor }
  nodes { id name source topics where ack visibilityMs position lag filterErrors lastFilterError createdAt expiresAt } } }`;

describeDatabases('subscriptions', (backend) => {
  const gateway = composedForEach(backend);

  test('are listed in order of creation, page by page, with their lags', async () => {
    const topic = fresh('topic');
    await makeKnown(gateway(), 'somebody');
    const ids = [
      await subscribe(gateway(), { topics: [topic], name: 'one' }),
      await subscribe(gateway(), { source: 'somebody', where: 'data.n > 1', ack: 'MANUAL' }),
      await subscribe(gateway(), { topics: ['*'], expiresAfterDays: 1 }),
    ];
    await gateway().send({ topic, sender: 'somebody', payload: { n: 2 } });
    await gateway().send({ topic });
    const { data } = await gateway().ask<Listed>(list);
    const nodes = data!.subscriptions.nodes;
    expect(nodes.map(({ id }) => id)).toEqual(ids);
    expect(nodes.map(({ lag }) => lag)).toEqual([2, 1, 2]);
    expect(nodes[0]).toMatchObject({ name: 'one', source: null, topics: [topic], where: null, ack: 'AUTO' });
    expect(nodes[1]).toMatchObject({ source: 'somebody', topics: null, where: 'data.n > 1', ack: 'MANUAL' });
    const days = nodes.map(
      ({ createdAt, expiresAt }) =>
        (Date.parse(String(expiresAt)) - Date.parse(String(createdAt))) / 86_400_000,
    );
    expect(days.map(Math.round)).toEqual([30, 30, 1]);
    const first = await gateway().ask<Listed>(list, { first: 2 });
    expect(first.data!.subscriptions.pageInfo.hasNextPage).toBe(true);
    const after = first.data!.subscriptions.pageInfo.endCursor;
    const second = await gateway().ask<Listed>(list, { first: 2, after });
    expect(second.data!.subscriptions.edges.map(({ node }) => node.id)).toEqual(ids.slice(2));
    expect((await gateway().ask(list, { after: 'x' })).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('are created and deleted by their mutations', async () => {
    const make = `mutation($input: SubscribeInput!) { subscribe(input: $input) { id ack position } }`;
    const made = await gateway().ask<{ subscribe: { id: string } }>(make, {
      input: { topics: ['a'], ack: 'MANUAL' },
    });
    const { id } = made.data!.subscribe;
    const event = await gateway().send({ topic: 'a', payload: { n: 1 } });
    const ask = `mutation($ids: [ID!]!) { nextEvent(subscriptionIds: $ids, timeoutMs: 0) {
      subscriptionId position event { id payload } } }`;
    const got = await gateway().ask<{ nextEvent: { position: string } }>(ask, { ids: [id] });
    expect(got.data).toMatchObject({
      nextEvent: { subscriptionId: id, event: { id: event, payload: { n: 1 } } },
    });
    const done = `mutation($id: ID!, $position: Position!) { acknowledge(subscriptionId: $id, position: $position) { lag } }`;
    const { position } = got.data!.nextEvent;
    expect((await gateway().ask(done, { id, position })).data).toEqual({ acknowledge: { lag: 0 } });
    const end = `mutation($id: ID!) { unsubscribe(id: $id) }`;
    expect((await gateway().ask(end, { id })).data).toEqual({ unsubscribe: id });
    expect((await gateway().ask(end, { id })).errors[0]?.extensions.code).toBe('NO_SUCH_SUBSCRIPTION');
  });

  test('expire when unused for `expiresAfterDays`, but not while they are in use', async () => {
    const [idle, used] = [
      await subscribe(gateway(), { topics: ['a'], ack: 'MANUAL' }),
      await subscribe(gateway(), { topics: ['a'], ack: 'MANUAL' }),
    ];
    await gateway().send({ topic: 'a' });
    await next(gateway(), idle);
    const age = (text: string) =>
      gateway().database.query({
        text: `UPDATE subscriptions SET used_at = used_at - $1::interval, expires_at = expires_at - $1::interval`,
        values: [text],
      });
    await age('29 days');
    await next(gateway(), used);
    await expect
      .poll(async () => (await read(gateway(), used)).expiresAt.getTime())
      .toBeGreaterThan(Date.now() + 29 * 86_400_000);
    const { expiresAt } = await read(gateway(), used);
    await next(gateway(), used);
    expect((await read(gateway(), used)).expiresAt).toEqual(expiresAt);
    await age('2 days');
    await gateway().subscriptions.sweep();
    const rows = await gateway().database.query({ text: 'SELECT id FROM subscriptions', values: [] });
    expect(rows).toEqual([{ id: used }]);
    const out = await gateway().database.query({
      text: 'SELECT 1 AS one FROM deliveries WHERE subscription_id = $1',
      values: [idle],
    });
    expect(out).toEqual([]);
  });
});
