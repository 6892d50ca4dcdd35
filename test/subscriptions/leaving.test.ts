// Clients that disconnect while their nextEvent call waits: another call gets the event.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { fresh, startGateway, type TestGateway } from '../support/gateway.ts';

const ask =
  'mutation($id: ID!, $ms: Int) { nextEvent(subscriptionIds: [$id], timeoutMs: $ms) { event { id } } }';

interface Next {
  readonly nextEvent: { readonly event: { readonly id: string } } | null;
}

describeDatabases('an event', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());

  test('is not lost with a connection that closes while it waits', async () => {
    const topic = fresh('topic');
    const made = await gateway.ask<{ subscribe: { id: string } }>(
      'mutation($topic: String!) { subscribe(input: { topics: [$topic] }) { id } }',
      { topic },
    );
    const { id } = made.data!.subscribe;
    const going = new AbortController();
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'test-key' },
      body: JSON.stringify({ query: ask, variables: { id } }),
      signal: going.signal,
    });
    setTimeout(() => going.abort(), 200);
    await expect(answer).rejects.toThrow('aborted');
    await delay(200);
    const sent = await gateway.ask<{ sendEvent: { event: { id: string } } }>(
      'mutation($topic: String!) { sendEvent(input: { topic: $topic }) { event { id } } }',
      { topic },
    );
    const { data } = await gateway.ask<Next>(ask, { id, ms: 5_000 });
    expect(data?.nextEvent?.event.id).toBe(sent.data!.sendEvent.event.id);
  });

  test('of an unknown subscription is refused as not found', async () => {
    const { errors } = await gateway.ask(ask, { id: '0195f000-0000-7000-8000-000000000000', ms: 0 });
    expect(errors[0]?.extensions.code).toBe('NO_SUCH_SUBSCRIPTION');
  });
});
