// Declared topics over HTTP: webhooks, a restart, and GitHub's own deliveries against schemas made of them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliveries, type Delivery } from '../../examples/demo/deliveries.ts';
import { describeDatabases } from '../support/database.ts';
import { fresh, startGateway, type TestGateway } from '../support/gateway.ts';
import { deliver } from '../triggers/deliveries.ts';
import { createTrigger, eventsOf } from '../triggers/support.ts';
import { declare, list, orderSchema } from './support.ts';

/** What all of some values have in common, as a draft-07 schema. */
function schemaOf(values: readonly unknown[]): Record<string, unknown> {
  const types = [...new Set(values.map(typeOf))];
  const objects = values.filter((value) => typeOf(value) === 'object') as Record<string, unknown>[];
  const keys = [...new Set(objects.flatMap((value) => Object.keys(value)))];
  const items = values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []));
  const properties = keys.map((key) => [
    key,
    schemaOf(objects.flatMap((value) => (Object.hasOwn(value, key) ? [value[key]] : []))),
  ]);
  return {
    type: types.length === 1 ? types[0] : types,
    ...(objects.length > 0 && {
      required: keys.filter((key) => objects.every((value) => Object.hasOwn(value, key))),
      properties: Object.fromEntries(properties),
      additionalProperties: false,
    }),
    ...(items.length > 0 && { items: schemaOf(items) }),
    ...(types.includes('string') && keys.length === 0 && formatOf(values)),
  };
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function formatOf(values: readonly unknown[]): object {
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.every((text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text))) return { format: 'date-time' };
  return texts.every((text) => /^https:\/\/[^ {]+$/.test(text)) ? { format: 'uri' } : {};
}

/** Topics of the gateway itself, which the audit writes to, are left out. */
async function listOwn(gateway: TestGateway) {
  return (await list(gateway)).filter(({ name }) => !name.startsWith('throughline.'));
}

describeDatabases('Declared topics', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());

  const sendAll = `mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) {
    events { id } errors { index code message } } }`;

  test('take all of GitHub’s 329 deliveries, and none of them with a wrong sender', async () => {
    const byTopic = new Map<string, Delivery[]>();
    for (const delivery of deliveries) {
      byTopic.set(delivery.topic, [...(byTopic.get(delivery.topic) ?? []), delivery]);
    }
    const $schema = 'http://json-schema.org/draft-07/schema#';
    for (const [topic, same] of byTopic) {
      const payloadSchema = { $schema, ...schemaOf(same.map(({ payload }) => payload)) };
      await declare(gateway, topic, { payloadSchema });
    }
    const send = (input: readonly object[]) => gateway.ask<any>(sendAll, { input });
    const sent = await send(deliveries.map(({ topic, payload }) => ({ topic, payload })));
    expect(sent.data.sendEvents.errors).toEqual([]);
    const withSender = deliveries.filter(({ payload }) => payload.sender);
    const wrong = await send(
      withSender.map(({ topic, payload }) => ({
        topic,
        payload: { ...payload, sender: { ...payload.sender, login: 7 } },
      })),
    );
    expect(wrong.data.sendEvents.errors).toHaveLength(withSender.length);
    for (const { code, message } of wrong.data.sendEvents.errors) {
      expect(code).toBe('TOPIC_SCHEMA_MISMATCH');
      expect(message).toMatch(/^payload\/sender\/login must be string/);
    }
    const topics = await listOwn(gateway);
    expect(topics.reduce((sum, { count }) => sum + count, 0)).toBe(deliveries.length);
    expect(topics.every(({ declared }) => declared)).toBe(true);
  });

  test('answer 422 to a delivery that does not fit, and store nothing of it', async () => {
    const name = fresh('hook');
    const { url } = await createTrigger(gateway, { name, webhook: {} });
    const body = { properties: { json: orderSchema }, required: ['json'] };
    await declare(gateway, name, { payloadSchema: { properties: { body } } });
    const wrong = await deliver(gateway, url!, { body: '{"amount": "x"}' });
    expect(wrong.status).toBe(422);
    expect(JSON.parse(wrong.text)).toMatchObject({
      errors: [
        {
          message: `payload/body/json/amount must be number, as the topic "${name}" is declared.`,
          extensions: { code: 'TOPIC_SCHEMA_MISMATCH' },
        },
      ],
    });
    expect(await eventsOf(gateway, name)).toEqual([]);
    expect((await deliver(gateway, url!, { body: '{"amount": 1}' })).status).toBe(202);
    expect(await eventsOf(gateway, name)).toHaveLength(1);
  });
});

describeDatabases('A gateway that starts again', (backend) => {
  test('knows what was declared', async () => {
    const target = await backend.target();
    const first = await startGateway(target);
    const declared = await declare(first, 'order.paid', { title: 'Paid', payloadSchema: orderSchema });
    await first.stop();
    const second = await startGateway(target);
    expect(await listOwn(second)).toEqual([declared]);
    const { errors } = await second.ask('mutation { sendEvent(input: {topic: "order.paid"}) { duplicate } }');
    expect(errors).toMatchObject([
      {
        extensions: {
          ...{ code: 'TOPIC_SCHEMA_MISMATCH', topic: 'order.paid', path: 'payload', count: 1 },
          failures: [{ path: 'payload', message: "must have required property 'amount'" }],
        },
      },
    ]);
    await second.stop();
  });
});
