// Sends, queries and mutations of the client: what is repeated, what is refused, and with which credentials.
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { errorCatalogue } from '../../src/base/errors.ts';
import { type GatewayErrorCode, isThroughlineError, type ThroughlineError } from '../../src/client/client.ts';
import { describeDatabases } from '../support/database.ts';
import { fresh, key, refusalOf } from '../support/gateway.ts';
import { clientTests, collect } from './support.ts';

interface Counted {
  readonly events: { readonly totalCount: number };
}

const count = 'query($topics: [String!]) { events(filter: {topics: $topics}) { totalCount } }';

/** Executes the first requests and loses their answers. */
function losingAnswers(lost: number): typeof fetch {
  return async (...given) => {
    const response = await fetch(...given);
    lost -= 1;
    if (lost < 0) return response;
    await response.arrayBuffer();
    throw new TypeError('the answer was lost');
  };
}

describeDatabases('Requests', (backend) => {
  const tests = clientTests(backend);

  test('a send whose answer is lost is repeated, and makes one event', async () => {
    const topic = fresh('send');
    const client = tests.client({ fetch: losingAnswers(2) });
    const sent = await client.send(topic, { total: 1 }, { summary: { total: 1 } });
    expect(sent).toMatchObject({ status: 'FINISHED', duplicate: false });
    expect(await client.query<Counted, object>(count, { topics: [topic] })).toMatchObject({
      events: { totalCount: 1 },
    });
  });

  test('a send with a hash that exists tells so', async () => {
    const client = tests.client();
    const [topic, hash] = [fresh('hash'), fresh('key')];
    const first = await client.send(topic, {}, { hash });
    expect(await client.send(topic, {}, { hash })).toMatchObject({ id: first.id, duplicate: true });
  });

  test('a mutation is not repeated unless it is said to be repeatable', async () => {
    const [topic, once] = [
      fresh('once'),
      'mutation($topic: String!) { sendEvent(input: {topic: $topic}) { event { id } } }',
    ];
    const failing = tests.client({ fetch: losingAnswers(1) }).mutate(once, { topic });
    expect(await refusalOf(failing)).toMatchObject({ code: 'UNREACHABLE' });
    const again = tests.client({ fetch: losingAnswers(1) });
    await again.mutate(once, { topic }, { retryForMs: 10_000 });
    expect(await again.query<Counted, object>(count, { topics: [topic] })).toMatchObject({
      events: { totalCount: 3 },
    });
  });

  test('a refusal carries its code and its details', async () => {
    const refused = tests.client().send('not a topic!', {});
    const error = await refused.catch((failure: unknown) => failure);
    expect(isThroughlineError(error, 'BAD_USER_INPUT')).toBe(true);
    const unknown = tests.client().query<unknown, object>('{ nothing }');
    expect(await refusalOf(unknown)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
    const other = tests.client({ key: 'of-nobody' }).query('{ position }');
    expect(await refusalOf(other)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a request that takes too long fails with TIMEOUT, and one that is aborted with the reason', async () => {
    const client = tests.client({ fetch: (_url, init) => forever(init?.signal) });
    expect(await refusalOf(client.mutate('mutation { x }', {}, { timeoutMs: 20 }))).toMatchObject({
      code: 'TIMEOUT',
    });
    const aborting = new AbortController();
    const asked = client.query('{ position }', {}, { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });

  test('getToken is called again before a token expires, and when one is refused', async () => {
    let called = 0;
    const tokens = ['of-nobody', key];
    const client = tests.client({ getToken: () => tokens[Math.min(called++, 1)]! });
    await client.query('{ position }');
    await client.query('{ position }');
    expect(called).toBe(2);
    let made = 0;
    const claims = () => btoa(JSON.stringify({ exp: Date.now() / 1000 + 0.05 }));
    const expiring = tests.client({
      getToken: () => `h.${claims()}.${(made += 1)}`,
      fetch: async () => Response.json({ data: { position: '1' } }),
    });
    await expiring.query('{ position }');
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expiring.query('{ position }');
    expect(made).toBe(2);
  });

  test('sendMany sends batches, and yields a result per event in order', async () => {
    const topic = fresh('many');
    const client = tests.client();
    const events = Array.from({ length: 1_203 }, (_, n) => ({
      topic: n === 700 ? 'not a topic!' : topic,
      payload: { n },
    }));
    const results = await collect(client.sendMany(events));
    expect(results.map(({ index }) => index)).toEqual(events.map((_, index) => index));
    expect(results.filter(({ error }) => error).map(({ index, error }) => [index, error?.code])).toEqual([
      [700, 'BAD_USER_INPUT'],
    ]);
    expect(await client.query<Counted, object>(count, { topics: [topic] })).toMatchObject({
      events: { totalCount: 1_202 },
    });
  });

  test('sendMany repeats a batch whose answer is lost, and sends each event once', async () => {
    const topic = fresh('lost');
    const client = tests.client({ fetch: losingAnswers(1) });
    const results = await collect(
      client.sendMany([
        { topic, payload: {} },
        { topic, payload: {} },
      ]),
    );
    expect(results).toMatchObject([{ duplicate: false }, { duplicate: false }]);
    expect(await client.query<Counted, object>(count, { topics: [topic] })).toMatchObject({
      events: { totalCount: 2 },
    });
  });

  test('sendMany does not wait for a full batch, and reads no further than its results are taken', async () => {
    const topic = fresh('slow');
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1;
        yield { topic, payload: {} };
      }
    }
    for await (const { index } of tests.client().sendMany(endless(), { batchSize: 10, concurrency: 3 }))
      if (index === 0) break;
    expect(read).toBeLessThan(60);
    const waiting = async function* () {
      yield { topic, payload: {} };
      await new Promise(() => {});
    };
    const results = tests.client().sendMany(waiting());
    expect(await results.next()).toMatchObject({ value: { index: 0 } });
    await results.return!();
  });

  test('the trace of the active OpenTelemetry context is that of the request', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    context.setGlobalContextManager({
      active: () => ROOT_CONTEXT,
      with: (_context, run, thisArg, ...given) => run.apply(thisArg, given),
      bind: (_context, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    });
    propagation.setGlobalPropagator({
      inject: (_context, carrier, setter) =>
        setter.set(carrier, 'traceparent', `00-${traceId}-b7ad6b7169203331-01`),
      extract: (given) => given,
      fields: () => [],
    });
    onTestFinished(() => {
      context.disable();
      propagation.disable();
    });
    const { requestId } = await tests.client().send(fresh('traced'), {});
    expect(requestId).toMatch(new RegExp(`^${traceId}`));
  });
});

function forever(signal: AbortSignal | null | undefined): Promise<Response> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

describe('Error codes', () => {
  test('the client knows those of the gateway', () => {
    // Compiles only if each is a code of the client.
    const codes: Record<keyof typeof errorCatalogue, GatewayErrorCode> = Object.fromEntries(
      Object.keys(errorCatalogue).map((code) => [code, code]),
    ) as { [Code in keyof typeof errorCatalogue]: Code };
    expect(Object.keys(codes)).not.toEqual([]);
    const error: ThroughlineError['code'] = 'LEASE_LOST';
    expect(error).toBe('LEASE_LOST');
  });
});
