// Further settings of a webhook: handshakes that it answers, pages that may deliver, credentials that are kept, bounds.
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { describeDatabases, describeEmbedded } from '../support/database.ts';
import { fresh, startGateway, type TestGateway } from '../support/gateway.ts';
import { deliver } from '../triggers/deliveries.ts';
import { createTrigger, eventsOf, readEvent, tryCreate } from '../triggers/support.ts';

const slackHmac = {
  header: 'X-Slack-Signature',
  prefix: 'v0=',
  timestampHeader: 'X-Slack-Request-Timestamp',
  signedContent: 'v0:{timestamp}:{body}',
};

function slackHeaders(body: string, secret = 'hush') {
  const time = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update(`v0:${time}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature}` };
}

describeDatabases('A webhook', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());

  test('takes deliveries that are signed by an HMAC of its own description, which it shows without secrets', async () => {
    const webhook = {
      signature: 'HMAC',
      secret: 'hush',
      hmac: slackHmac,
      challenge: 'META',
      verifyToken: 'top secret',
    };
    const { url } = await createTrigger(gateway, { name: 'signed', webhook });
    const body = '{"n":1}';
    const { status, eventId } = await deliver(gateway, url!, { body, headers: slackHeaders(body) });
    expect(status).toBe(202);
    expect((await readEvent(gateway, eventId!)).payload.body.json).toEqual({ n: 1 });
    for (const headers of [slackHeaders(body, 'other'), {}])
      expect((await deliver(gateway, url!, { body, headers })).status).toBe(401);
    const { data } = await gateway.ask(
      '{ triggers { name hmac { header prefix encoding algorithm timestampHeader toleranceSeconds signedContent } challenge keepCredentials allowedOrigins } }',
    );
    const shown = (data as { triggers: { name: string }[] }).triggers.find(({ name }) => name === 'signed');
    expect(shown).toEqual({
      name: 'signed',
      hmac: {
        header: 'x-slack-signature',
        prefix: 'v0=',
        encoding: 'HEX',
        algorithm: 'SHA256',
        timestampHeader: 'x-slack-request-timestamp',
        toleranceSeconds: 300,
        signedContent: 'v0:{timestamp}:{body}',
      },
      challenge: 'META',
      keepCredentials: false,
      allowedOrigins: ['*'],
    });
  });

  test('stores no credentials, which its filter sees all the same, unless it keeps them', async () => {
    const headers = {
      Authorization: 'Bearer abc',
      Cookie: 'session=1',
      'Proxy-Authorization': 'Basic x',
      'X-Api-Key': 'k',
      'X-Other': 'o',
    };
    const where = 'data.headers["Authorization"] == "Bearer abc"';
    const storedBy = async (name: string, webhook: object) => {
      const { url } = await createTrigger(gateway, { name, webhook, where });
      const { eventId } = await deliver(gateway, url!, { headers });
      expect((await deliver(gateway, url!)).eventId).toBeNull();
      return (await readEvent(gateway, eventId!)).payload.headers as Record<string, string>;
    };
    const without = await storedBy('careful', {});
    expect(Object.keys(without).filter((name) => name in headers)).toEqual(['X-Other']);
    expect(await storedBy('keeping', { keepCredentials: true })).toMatchObject(headers);
  });
});

describeEmbedded('A webhook', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());
  const urlOf = async (webhook: object, name = fresh('hook')) =>
    (await createTrigger(gateway, { name, webhook })).url!;

  describe('is refused', () => {
    test.each([
      [{ signature: 'HMAC', secret: 's' }, 'hmac is missing'],
      [
        { signature: 'GITHUB', secret: 's', hmac: { header: 'X' } },
        'hmac requires signature: HMAC, not GITHUB',
      ],
      [{ signature: 'HMAC', hmac: { header: 'X' } }, 'secret is missing'],
      [{ challenge: 'META' }, 'verifyToken is missing'],
      [{ verifyToken: 'x' }, 'verifyToken requires the challenge META'],
      [{ challenge: 'SLACK', verifyToken: 'x' }, 'verifyToken requires the challenge META'],
      [{ allowedOrigins: ['shop.example'] }, 'is not an origin'],
      [{ allowedOrigins: ['https://shop.example/path'] }, 'is not an origin'],
      [{ allowedOrigins: ['null'] }, 'is not an origin'],
      [
        {
          allowedOrigins: Array.from(
            { length: limits.triggerOrigins + 1 },
            (_, n) => `https://a${n}.example`,
          ),
        },
        `at most ${limits.triggerOrigins}`,
      ],
    ])('with %j', async (webhook, message) => {
      const { errors } = await tryCreate(gateway, { name: fresh('hook'), webhook });
      expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
      expect(errors[0]?.message).toContain(message);
    });
  });

  describe('answers the challenge', () => {
    const asked = JSON.stringify({ type: 'url_verification', token: 't', challenge: '<b>3eZbrw</b>' });

    test('of Slack, signed as any delivery, and makes no event of it', async () => {
      const name = fresh('slack');
      const webhook = { signature: 'HMAC', secret: 'hush', hmac: slackHmac, challenge: 'SLACK' };
      const url = await urlOf(webhook, name);
      const { status, text, headers } = await deliver(gateway, url, {
        body: asked,
        headers: slackHeaders(asked),
      });
      expect([status, text]).toEqual([200, '<b>3eZbrw</b>']);
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      const wrong = await deliver(gateway, url, { body: asked, headers: slackHeaders(asked, 'other') });
      expect(wrong.status).toBe(401);
      expect(await eventsOf(gateway, name)).toEqual([]);
      const other = '{"type":"event_callback"}';
      expect((await deliver(gateway, url, { body: other, headers: slackHeaders(other) })).status).toBe(202);
    });

    test('of Meta, with its token, and makes no event of it', async () => {
      const name = fresh('meta');
      const webhook = { challenge: 'META', verifyToken: 'mäh&', signature: 'GITHUB', secret: 's' };
      const url = await urlOf(webhook, name);
      const ask = (token: string) =>
        deliver(gateway, url, {
          method: 'GET',
          suffix: `?${new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': token })}`,
        });
      const { status, text } = await ask('mäh&');
      expect([status, text]).toEqual([200, '1158201444']);
      const wrong = await ask('other');
      expect([wrong.status, wrong.text.includes('mäh')]).toEqual([401, false]);
      expect(await eventsOf(gateway, name)).toEqual([]);
    });

    test('only if the trigger asks for it: otherwise it is a delivery', async () => {
      const url = await urlOf({});
      const suffix = '?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x';
      expect((await deliver(gateway, url, { method: 'GET', suffix })).status).toBe(202);
      expect((await deliver(gateway, url, { body: asked })).status).toBe(202);
    });
  });

  describe('lets pages in browsers deliver', () => {
    const shop = 'https://shop.example';
    const preflight = (url: string, origin = shop) =>
      deliver(gateway, url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type,x-more',
        },
      });
    const allowedBy = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin');

    test('of any origin, unless it names some', async () => {
      const name = fresh('open');
      const url = await urlOf({}, name);
      const { status, headers } = await preflight(url);
      expect(status).toBe(204);
      expect(Object.fromEntries(headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'content-type,x-more',
      });
      expect(await eventsOf(gateway, name)).toEqual([]);
      const delivered = await deliver(gateway, url, { headers: { origin: shop }, body: '{}' });
      expect([delivered.status, allowedBy(delivered)]).toEqual([202, '*']);
      expect(delivered.headers.get('access-control-expose-headers')).toContain('Throughline-Event-Id');
    });

    test('of the origins that it names, also what is refused to them', async () => {
      const url = await urlOf({
        allowedOrigins: [`${shop}`, 'HTTP://Localhost:3000'],
        signature: 'GITHUB',
        secret: 's',
      });
      for (const origin of [shop, 'http://localhost:3000']) {
        const asked = await preflight(url, origin);
        expect([allowedBy(asked), asked.headers.get('vary')]).toEqual([
          origin,
          expect.stringContaining('Origin'),
        ]);
        const refused = await deliver(gateway, url, { headers: { origin }, body: '{}' });
        expect([refused.status, allowedBy(refused)]).toEqual([401, origin]);
      }
      const other = await preflight(url, 'https://other.example');
      expect([other.status, allowedBy(other)]).toEqual([204, null]);
    });

    test('of none where it names none; the delivery is taken, since only browsers keep to this', async () => {
      const url = await urlOf({ allowedOrigins: [] });
      expect(allowedBy(await preflight(url))).toBeNull();
      const delivered = await deliver(gateway, url, { headers: { origin: shop }, body: '{}' });
      expect([delivered.status, allowedBy(delivered)]).toEqual([202, null]);
    });

    test('and takes an OPTIONS that is no preflight for a delivery', async () => {
      const url = await urlOf({});
      const { eventId } = await deliver(gateway, url, { method: 'OPTIONS', headers: { origin: shop } });
      expect(await readEvent(gateway, eventId!)).toMatchObject({ eventType: 'options' });
    });
  });

  describe('keeps the text alone', () => {
    const bodyOf = async (body: string, type: string) => {
      const { eventId } = await deliver(gateway, await urlOf({}), {
        body,
        headers: { 'content-type': type },
      });
      return (await readEvent(gateway, eventId!)).payload.body;
    };

    test.each([
      ['numbers', (count: number) => `[${Array.from({ length: count - 1 }, () => '0').join()}]`],
      ['lists', (count: number) => `[${Array.from({ length: count - 1 }, () => '[]').join()}]`.slice(0, -1)],
      ['names', (count: number) => `{${Array.from({ length: count - 1 }, (_, n) => `"${n}":0`).join()}}`],
    ])('of JSON with too many %s', async (_what, bodyWith) => {
      const text = bodyWith(limits.webhookValues + 2);
      expect(await bodyOf(text, 'application/json')).toEqual({ text, json: null, form: null, bytes: null });
    });

    test('of JSON with too many values, and not of JSON with as many as there may be', async () => {
      const text = `[${'0,'.repeat(limits.webhookValues - 2)}0]`;
      expect((await bodyOf(text, 'application/json')).json).toHaveLength(limits.webhookValues - 1);
      const more = text.replace('[', '[0,');
      expect((await bodyOf(more, 'application/json')).json).toBeNull();
    });

    test('of a form with too many fields, and not of a form with as many as there may be', async () => {
      const form = (count: number) => Array.from({ length: count }, (_, n) => `f${n}=`).join('&');
      const type = 'application/x-www-form-urlencoded';
      expect(Object.keys((await bodyOf(form(limits.webhookFields), type)).form)).toHaveLength(
        limits.webhookFields,
      );
      expect((await bodyOf(form(limits.webhookFields + 1), type)).form).toBeNull();
    });
  });
});
