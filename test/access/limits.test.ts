// Limits of keys: requests a minute on every transport, operations at once, and wrong keys of one address.
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '../../src/base/limits.ts';
import { describeEmbedded } from '../support/database.ts';
import { adminKey, createKey, eventually, feed, type KeyedGateway, startKeyed, whoAmI } from './support.ts';

async function keyWith(gateway: KeyedGateway, input: object = {}): Promise<string> {
  const { createKey: made } = await gateway.get(createKey, {
    input: { name: 'k', scopes: ['events:read', 'jobs:work'], ...input },
  });
  return made.secret;
}

describeEmbedded('A key with a rate limit', (backend) => {
  test('gets what is left of it in HTTP headers, and 429 when nothing is', async () => {
    const gateway = await startKeyed(await backend.open());
    const key = await keyWith(gateway, { rateLimit: 3 });
    const answers = [];
    for (let n = 0; n < 4; n++) answers.push(await gateway.ask(whoAmI, {}, key));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"key";q=3;w=60');
    expect(answers[0]!.headers.get('ratelimit')).toBe('"key";r=2;t=20');
    const { code, headers, errors } = answers[3]!;
    expect(code).toBe('RATE_LIMITED');
    const wait = Number(headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(20);
    expect(errors[0]!.extensions.retryAfterSeconds).toBe(wait);
    const stream = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ query: feed }),
    });
    expect(stream.status).toBe(429);
    expect((await gateway.ask(whoAmI)).headers.get('ratelimit')).toBeNull();
  });

  test('gets an error message on a socket, which stays open', async () => {
    const gateway = await startKeyed(await backend.open());
    const key = await keyWith(gateway, { rateLimit: 2 });
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${key}` },
      webSocketImpl: WebSocket,
      lazy: false,
    });
    const ask = () =>
      new Promise<string>((resolve) =>
        client.subscribe(
          { query: whoAmI },
          {
            next: ({ data }) => resolve(data ? 'answered' : 'nothing'),
            error: (errors) => resolve(String((errors as any)[0]?.extensions?.code ?? errors)),
            complete: () => {},
          },
        ),
      );
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([
      'answered',
      'answered',
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
    await client.dispose();
  });

  test('has that of the settings unless it has its own', async () => {
    const gateway = await startKeyed(await backend.open(), { keyRateLimit: 2 });
    const key = await keyWith(gateway);
    const own = await keyWith(gateway, { name: 'own', rateLimit: 100 });
    const statuses = async (secret: string) => {
      const found = [];
      for (let n = 0; n < 3; n++) found.push((await gateway.ask(whoAmI, {}, secret)).status);
      return found;
    };
    expect(await statuses(key)).toEqual([200, 200, 429]);
    expect(await statuses(own)).toEqual([200, 200, 200]);
    expect((await gateway.ask(whoAmI, {}, adminKey)).status).toBe(429);
  });
});

describeEmbedded('A key with as many operations running as it may have', (backend) => {
  test('gets 429 for another one, until one of them ends', async () => {
    const gateway = await startKeyed(await backend.open(), { keyConcurrency: 2 });
    const key = await keyWith(gateway);
    const enroll = `mutation ($waitMs: Int!) { enroll(input: { sourceTopics: ["a"], targetTopic: "b", worker: "w", waitMs: $waitMs }) { attempt } }`;
    const waiting = [
      gateway.ask(enroll, { waitMs: 1_500 }, key),
      gateway.ask(enroll, { waitMs: 1_500 }, key),
    ];
    const refused = await eventually(async () => {
      const answer = await gateway.ask(whoAmI, {}, key);
      return answer.status === 200 ? undefined : answer;
    });
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    await eventually(async () => ((await gateway.ask(whoAmI, {}, key)).status === 200 ? true : undefined));
  });
});

describeEmbedded('Wrong keys', (backend) => {
  test(`of one address get 429 after ${limits.wrongKeysPerMinute} a minute; right ones are not affected`, async () => {
    const gateway = await startKeyed(await backend.open());
    const statuses = [];
    for (let n = 0; n < limits.wrongKeysPerMinute + 5; n++)
      statuses.push((await gateway.ask(whoAmI, {}, `wrong-${n}`)).status);
    expect(statuses.slice(0, limits.wrongKeysPerMinute)).toEqual(Array(limits.wrongKeysPerMinute).fill(401));
    const last = await gateway.ask(whoAmI, {}, 'wrong');
    expect(last).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await gateway.ask(whoAmI)).status).toBe(200);
  });
});
