// The rate of deliveries to a webhook: in number and in bytes, on average and at once, for each webhook by itself.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { TokenBucket } from '../../src/base/token-bucket.ts';
import type { Database } from '../../src/database/database.ts';
import { JsonDocument } from '../../src/domain/values/json.ts';
import { DeliveryRate } from '../../src/triggers/delivery-rate.ts';
import { type Webhook, Webhooks } from '../../src/triggers/webhooks.ts';
import { gitHubSignature } from './deliveries.ts';

function rateAt(start = 0) {
  const clock = { now: start };
  return { clock, rate: new DeliveryRate(() => clock.now) };
}

const limited = expect.objectContaining({ code: 'RATE_LIMITED' });

function refusalOf(work: () => void): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

describe('Deliveries to a webhook', () => {
  test('are taken up to the burst, then refused with how long to wait, and taken again after that', () => {
    const { clock, rate } = rateAt();
    for (let n = 0; n < limits.webhookBurst; n += 1) rate.take('a', 10);
    expect(refusalOf(() => rate.take('a', 10))).toEqual(limited);
    expect(refusalOf(() => rate.check('a'))).toMatchObject({ details: { retryAfterSeconds: 1 } });
    expect(refusalOf(() => rate.take('b', 10))).toBeNull();
    clock.now += 1_000;
    for (let n = 0; n < limits.webhookRate; n += 1) rate.take('a', 10);
    expect(refusalOf(() => rate.take('a', 10))).toEqual(limited);
  });

  test('are taken up to so many bytes', () => {
    const { clock, rate } = rateAt();
    const most = limits.webhookBurstBytes / limits.webhookBytes;
    for (let n = 0; n < most; n += 1) rate.take('a', limits.webhookBytes);
    expect(refusalOf(() => rate.check('a'))).toEqual(limited);
    clock.now += 1_000;
    for (let n = 0; n < limits.webhookRateBytes / limits.webhookBytes; n += 1)
      rate.take('a', limits.webhookBytes);
    expect(refusalOf(() => rate.check('a'))).toEqual(limited);
  });
});

describe('A webhook at its limit', () => {
  const unsigned: Webhook = {
    ...{
      id: 'a',
      name: 'a',
      topic: 'a',
      eventType: null,
      where: null,
      call: null,
      rows: null,
      dedupeHeader: null,
    },
    ...{
      secrets: [],
      hmac: null,
      challenge: null,
      verifyToken: null,
      keepCredentials: false,
      allowedOrigins: [],
    },
    signature: 'NONE',
  };
  const signed: Webhook = { ...unsigned, signature: 'GITHUB', secrets: ['hush'] };
  const stored = new JsonDocument({}, '{}');
  const delivery = (headers: Record<string, string>) => ({
    method: 'POST',
    headers: new Map(Object.entries(headers)),
    body: Buffer.from('{}'),
    payload: async () => ({ whole: {}, stored }),
  });

  function webhooksAtLimit() {
    const { clock, rate } = rateAt();
    const sent: unknown[] = [];
    const webhooks = new Webhooks(
      {} as Database,
      async (_caller, input) => {
        sent.push(input.payload);
        return { event: { id: 'e' }, duplicate: false, executions: [] };
      },
      rate,
    );
    const exhaust = () => {
      while (refusalOf(() => rate.take('a', 1)) === null);
    };
    return { clock, webhooks, sent, exhaust };
  }

  test('refuses before the body is read, where nobody signs', () => {
    const { webhooks, exhaust } = webhooksAtLimit();
    expect(refusalOf(() => webhooks.checkHeaders(unsigned, new Map()))).toBeNull();
    exhaust();
    expect(refusalOf(() => webhooks.checkHeaders(unsigned, new Map()))).toEqual(limited);
  });

  test('counts genuine deliveries alone where they are signed, and stores what has no credentials', async () => {
    const { webhooks, sent, exhaust } = webhooksAtLimit();
    const wrong = delivery({ 'x-hub-signature-256': gitHubSignature('other', '{}') });
    for (let n = 0; n <= limits.webhookBurst; n += 1)
      await expect(webhooks.accept(signed, wrong)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const genuine = delivery({ 'x-hub-signature-256': gitHubSignature('hush', '{}') });
    expect(await webhooks.accept(signed, genuine)).toEqual({ eventId: 'e', challenge: null });
    expect(sent).toEqual([stored]);
    exhaust();
    await expect(webhooks.accept(signed, genuine)).rejects.toEqual(limited);
    expect(refusalOf(() => webhooks.checkHeaders(signed, new Map()))).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});

test('However it is used, a bucket gives no more than its burst and its rate allow, and says rightly when it has room', () => {
  const steps = fc.array(fc.record({ wait: fc.nat(3_000), count: fc.integer({ min: 1, max: 50 }) }));
  fc.assert(
    fc.property(steps, (all) => {
      const bucket = new TokenBucket(10, 100, 0);
      let [now, taken] = [0, 0];
      for (const { wait, count } of all) {
        now += wait;
        const waitMs = bucket.waitMs(now);
        if (waitMs > 0) {
          now += waitMs;
          expect(bucket.waitMs(now)).toBe(0);
        }
        bucket.take(count, now);
        taken += count;
        // The last one may have gone on credit.
        expect(taken).toBeLessThan(100 + (now / 1_000) * 10 + 50);
      }
    }),
  );
});
