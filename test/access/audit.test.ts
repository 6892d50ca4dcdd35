// The audit: what is recorded of changes and refusals, of whom, and who may read it.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from 'graphql-ws';
import { type ErrorCode, ThroughlineError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { createLogger } from '../../src/base/logger.ts';
import type { Database } from '../../src/database/database.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { Audit } from '../../src/operations/access/audit.ts';
import { auditOperations } from '../../src/operations/access/audited-operations.ts';
import { type Caller, internalCaller } from '../../src/operations/callers.ts';
import type { ListedHandler } from '../../src/operations/handler-port.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { auditedChanges } from '../../src/operations/access/audited-changes.ts';
import { schema } from '../../src/graphql/schema.ts';
import { describeDatabases, describeEmbedded } from '../support/database.ts';
import { adminKey, createKey, eventually, type KeyedGateway, startKeyed } from './support.ts';

interface Entry {
  readonly topic: string;
  readonly requestId: string;
  readonly summary: any;
  readonly payload: any;
  readonly history: readonly { readonly by: string }[];
}

const newTrigger = `mutation ($name: String!, $secret: String!) {
  createTrigger(input: { name: $name, topic: "hooks", webhook: { signature: GITHUB, secret: $secret } }) { id }
}`;

describeDatabases('The audit', (backend) => {
  let database: Database;
  let gateway: KeyedGateway;
  beforeEach(async () => {
    database = await backend.open();
    gateway = await startKeyed(database);
  });

  async function newKey(name: string, scopes: readonly string[], more: object = {}) {
    const { createKey: created } = await gateway.get(createKey, { input: { name, scopes, ...more } });
    return created as { secret: string; key: { id: string } };
  }

  /** Oldest first. */
  async function entries(what: string, key = adminKey): Promise<Entry[]> {
    const query = `query ($topics: [String!]) {
      events(filter: { topics: $topics }, first: 200, orderBy: { by: CREATED, direction: ASC }) { nodes { topic requestId summary payload history { by } } }
    }`;
    return (await gateway.get(query, { topics: [`throughline.audit.${what}`] }, key)).events.nodes;
  }

  async function only(what: string): Promise<Entry> {
    const all = await entries(what);
    expect(all).toHaveLength(1);
    return all[0]!;
  }

  async function storedText(): Promise<string> {
    const rows = await database.query({ text: 'SELECT * FROM events', values: [] });
    return JSON.stringify(rows, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
  }

  test('tells who created a key, from where, in which request, and what it may do', async () => {
    const operator = await newKey('operator', ['admin']);
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${operator.secret}`,
        'x-request-id': 'change-42',
      },
      body: JSON.stringify({
        query: createKey,
        variables: { input: { name: 'shop', scopes: ['events:read'], projects: ['shop'] } },
      }),
    });
    const { id } = ((await response.json()) as any).data.createKey.key;
    const entry = (await entries('createKey')).at(-1)!;
    expect(entry).toMatchObject({
      requestId: 'change-42',
      summary: {
        operation: 'createKey',
        target: id,
        key: { id: operator.key.id, name: 'operator' },
        address: '127.0.0.1',
        requestId: 'change-42',
      },
      payload: { before: null, after: { id, name: 'shop', scopes: ['events:read'], projects: ['shop'] } },
      history: [{ by: 'operator' }],
    });
  });

  test('tells what a key was before and after its rotation and revocation', async () => {
    const { key } = await newKey('old', ['events:read']);
    await gateway.get('mutation ($id: ID!) { rotateKey(id: $id, graceSeconds: 60) { secret } }', {
      id: key.id,
    });
    await gateway.get('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id: key.id });
    expect(await only('rotateKey')).toMatchObject({
      summary: { target: key.id },
      payload: { before: { name: 'old' }, after: { name: 'old' }, graceSeconds: 60 },
    });
    const { payload } = await only('revokeKey');
    expect(payload).toMatchObject({ before: { revokedAt: null }, after: { revokedAt: expect.any(String) } });
  });

  test('has retention rules before and after each change, and purges', async () => {
    const set =
      'mutation ($days: Float!) { setRetention(rules: [{topics: ["old.*"], keepDays: $days}]) { id } }';
    await gateway.get(set, { days: 7 });
    await gateway.get(set, { days: 8 });
    await gateway.get('mutation { purge(dryRun: true) { count } }');
    await gateway.get('mutation { purge { count } }');
    const rule = { topics: ['old.*'], projects: null, statuses: null };
    expect((await entries('setRetention')).map(({ payload }) => payload)).toEqual([
      { before: [], after: [{ ...rule, keepDays: 7 }] },
      { before: [{ ...rule, keepDays: 7 }], after: [{ ...rule, keepDays: 8 }] },
    ]);
    expect((await only('purge')).payload).toEqual({ count: 0 });
  });

  test('has access tokens, triggers, topics and subscriptions', async () => {
    await gateway.get(
      'mutation { createAccessToken(input: { name: "page", scopes: ["events:read"], requestIds: ["r"] }) { token } }',
    );
    const { createTrigger } = await gateway.get(newTrigger, { name: 'hook', secret: 'first-secret-of-it' });
    const { id } = createTrigger;
    await gateway.get(
      'mutation ($id: ID!) { setTriggerSecrets(id: $id, secrets: ["second-secret-of-it"]) { id } }',
      {
        id,
      },
    );
    await gateway.get('mutation ($id: ID!) { deleteTrigger(id: $id) }', { id });
    await gateway.get('mutation { declareTopic(input: { name: "orders", title: "Orders" }) { name } }');
    await gateway.get(
      'mutation { declareTopic(input: { name: "orders", title: "All orders", payloadSchema: { type: "object" } }) { name } }',
    );
    const { subscribe } = await gateway.get('mutation { subscribe(input: { topics: ["orders"] }) { id } }');
    await gateway.get('mutation ($id: ID!) { unsubscribe(id: $id) }', subscribe);

    expect((await only('createAccessToken')).payload.after).toMatchObject({
      name: 'page',
      requestIds: ['r'],
    });
    expect(await only('createTrigger')).toMatchObject({
      summary: { target: id },
      payload: { after: { name: 'hook', topic: 'hooks' } },
    });
    expect((await only('setTriggerSecrets')).payload).toMatchObject({ before: { name: 'hook' }, secrets: 1 });
    expect((await only('deleteTrigger')).payload).toMatchObject({ before: { name: 'hook' }, after: null });
    expect((await entries('declareTopic')).map(({ payload }) => payload)).toMatchObject([
      { before: null, after: { title: 'Orders', payloadSchema: null } },
      { before: { title: 'Orders' }, after: { title: 'All orders', payloadSchema: '{"type":"object"}' } },
    ]);
    expect((await only('subscribe')).summary.target).toBe(subscribe.id);
    expect((await only('unsubscribe')).payload.before).toMatchObject({
      id: subscribe.id,
      topics: ['orders'],
    });
  });

  test('has bulk mutations with their filter and count, and no dry runs', async () => {
    await gateway.get(
      'mutation { sendEvents(input: [{ topic: "a" }, { topic: "a" }, { topic: "b" }]) { events { id } } }',
    );
    for (const dryRun of [true, false])
      await gateway.get(
        'mutation ($dryRun: Boolean!) { deleteEvents(filter: { topics: ["a"] }, dryRun: $dryRun) { count } }',
        { dryRun },
      );
    expect((await only('deleteEvents')).payload).toMatchObject({ filter: { topics: ['a'] }, count: 2 });
  });

  test('contains no secret', async () => {
    const { secret, key } = await newKey('secretive', ['admin']);
    const { rotateKey } = await gateway.get(
      'mutation ($id: ID!) { rotateKey(id: $id, graceSeconds: 60) { secret } }',
      { id: key.id },
    );
    const { createAccessToken } = await gateway.get(
      'mutation { createAccessToken(input: { name: "page", scopes: ["events:read"] }) { token } }',
    );
    await gateway.get(newTrigger, { name: 'hook', secret: 'the-secret-of-the-hook' });
    await gateway.ask('{ viewer { name } }', {}, 'a-wrong-key-from-somebody');
    await eventually(async () => (await entries('refused'))[0]);
    const text = await storedText();
    expect(text).toContain('throughline.audit.createTrigger');
    for (const hidden of [
      secret,
      rotateKey.secret,
      createAccessToken.token,
      'the-secret-of-the-hook',
      'a-wrong-key-from-somebody',
      adminKey,
    ])
      expect(text).not.toContain(hidden);
  });

  test('is committed when a change is answered', async () => {
    await newKey('one', ['events:read']);
    const rows = await database.query({
      text: "SELECT topic FROM events WHERE topic LIKE 'throughline.%'",
      values: [],
    });
    expect(rows).toEqual([{ topic: 'throughline.audit.createKey' }]);
  });

  test('tells what a key was refused, and counts what it does not record', async () => {
    const { secret, key } = await newKey('reader', ['events:read']);
    const send = 'mutation { sendEvent(input: { topic: "a" }) { event { id } } }';
    expect((await gateway.ask(send, {}, secret)).code).toBe('FORBIDDEN');
    expect(await only('refused')).toMatchObject({
      summary: { target: 'sendEvent', key: { id: key.id, name: 'reader' }, address: '127.0.0.1' },
      payload: { refused: 'sendEvent', code: 'FORBIDDEN', scope: 'events:send', unrecorded: 0 },
    });
    for (let n = 0; n < limits.auditedRefusals + 10; n += 1) await gateway.ask(send, {}, secret);
    const recorded = await entries('refused');
    expect(recorded.length).toBeGreaterThanOrEqual(limits.auditedRefusals);
    // One more for each three seconds that this took.
    expect(recorded.length).toBeLessThan(limits.auditedRefusals + 10);
  });

  test('tells of refused items of a batch, and of topics that are outside of a key', async () => {
    const { secret } = await newKey('sender', ['events:send', 'events:read'], { topics: ['shop.*'] });
    const query =
      'mutation { sendEvents(input: [{ topic: "shop.a" }, { topic: "bank.a" }]) { errors { code } } }';
    await gateway.get(query, {}, secret);
    expect((await only('refused')).payload).toMatchObject({ refused: 'sendEvents', code: 'FORBIDDEN' });
  });

  test('tells of wrong keys by their address, and of requests beyond the rate of a key', async () => {
    await gateway.ask('{ viewer { name } }', {}, 'a-wrong-key');
    const wrong = await eventually(async () => (await entries('refused'))[0]);
    expect(wrong).toMatchObject({
      summary: { target: null, key: { id: null, name: null }, address: '127.0.0.1' },
      payload: { refused: null, code: 'UNAUTHENTICATED' },
    });
    const { secret } = await newKey('slow', ['events:read'], { rateLimit: 1 });
    await gateway.ask('{ viewer { name } }', {}, secret);
    await gateway.ask('{ viewer { name } }', {}, secret);
    const limited = await eventually(async () => (await entries('refused'))[1]);
    expect(limited).toMatchObject({ summary: { key: { name: 'slow' } }, payload: { code: 'RATE_LIMITED' } });
  });

  test('tells of refused subscriptions, and of the address of a WebSocket', async () => {
    const { secret } = await newKey('sender', ['events:send']);
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${secret}` },
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    await new Promise<void>((resolve) => {
      const end = () => resolve();
      client.subscribe(
        { query: 'subscription { eventFeed { position } }' },
        { next: end, error: end, complete: end },
      );
    });
    await client.dispose();
    expect(await eventually(async () => (await entries('refused'))[0])).toMatchObject({
      summary: { address: '127.0.0.1' },
      payload: { scope: 'events:read' },
    });
  });

  test('tells of wrong keys in the pings of a WebSocket, which closes when they are too many', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const messages: any[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    const closed = once(socket, 'close');
    await once(socket, 'open');
    const say = (message: object) => socket.send(JSON.stringify(message));
    say({ type: 'connection_init', payload: { authorization: `Bearer ${adminKey}` } });
    await eventually(async () => messages.find(({ type }) => type === 'connection_ack'));
    for (let n = 0; n <= limits.wrongKeysPerMinute; n += 1)
      say({ type: 'ping', payload: { authorization: `Bearer wrong-${n}` } });
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4403, 'Too many wrong keys']);
    expect(await eventually(async () => (await entries('refused'))[0])).toMatchObject({
      summary: { key: { name: null }, address: '127.0.0.1' },
      payload: { code: 'UNAUTHENTICATED' },
    });
  });

  test('is seen with audit:read only, and nobody can send to it, change it or delete it', async () => {
    const { secret } = await newKey('reader', [
      'events:read',
      'events:delete',
      'events:update',
      'events:send',
    ]);
    const auditor = await newKey('auditor', ['events:read', 'audit:read']);
    expect(await entries('*', secret)).toEqual([]);
    expect(await entries('createKey', auditor.secret)).toHaveLength(2);
    await gateway.get('mutation { deleteEvents(filter: { topics: ["throughline.*"] }) { count } }');
    const { events } = await gateway.get(
      '{ events(filter: { topics: ["throughline.*"] }) { nodes { id } } }',
    );
    const [{ id }] = events.nodes;
    for (const query of [
      'mutation ($id: ID!) { deleteEvent(id: $id) }',
      'mutation ($id: ID!) { updateEvent(input: { id: $id, description: "nothing" }) { id } }',
    ])
      expect((await gateway.ask(query, { id })).code).toBe('FORBIDDEN');
    const send = 'mutation { sendEvent(input: { topic: "throughline.audit.createKey" }) { event { id } } }';
    expect((await gateway.ask(send)).code).toBe('FORBIDDEN');
    expect(await entries('createKey')).toHaveLength(2);
  });
});

describeEmbedded('The audit where only trusted documents run', (backend) => {
  test('tells of a document that a key may not run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'throughline-audit-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const trustedDocumentsFile = join(folder, 'manifest.json');
    await writeFile(trustedDocumentsFile, '{}');
    const gateway = await startKeyed(await backend.open(), { trustedDocumentsFile });
    const input = { name: 'reader', scopes: ['events:read'] };
    const { createKey: made } = await gateway.get(createKey, { input });
    expect((await gateway.ask('{ position }', {}, made.secret)).code).toBe('FORBIDDEN');
    const query =
      '{ events(filter: { topics: ["throughline.audit.refused"] }) { nodes { summary payload } } }';
    const entry = await eventually(async () => (await gateway.get(query)).events.nodes[0]);
    expect(entry).toMatchObject({
      summary: { target: null, key: { name: 'reader' } },
      payload: { refused: null, code: 'FORBIDDEN', scope: 'admin' },
    });
  });
});

describe('An entry of the audit', () => {
  afterEach(() => vi.useRealTimers());

  const caller = { ...internalCaller('tester'), address: '10.0.0.1' };

  /** An audit of these operations, and the events that it sends. */
  function auditOf(given: Partial<Operations>) {
    const sent: SendInput[] = [];
    const sendEvent = async (_caller: Caller, input: SendInput) => {
      sent.push(input);
      return { event: { id: 'e' }, duplicate: false, executions: [] };
    };
    const operations = { ...given, sendEvent } as Operations;
    const audit = new Audit(operations, createLogger('silent'));
    return { sent, audit, operations: auditOperations(operations, caller, audit) };
  }

  test('tells whether a handler was enabled before', async () => {
    const handler = { works: true, fullName: 'h', enabled: true } as ListedHandler;
    const { sent, operations } = auditOf({
      handlers: () => [handler],
      setHandlerEnabled: async () => ({ ...handler, enabled: false }) as ListedHandler,
    });
    await operations.setHandlerEnabled('h', false);
    expect(sent).toMatchObject([
      {
        topic: 'throughline.audit.setHandlerEnabled',
        summary: { target: 'h', address: '10.0.0.1', key: { id: null, name: 'tester' } },
        payload: { before: { enabled: true }, after: { enabled: false } },
      },
    ]);
  });

  test('is made of a bulk mutation that failed on the way, but not of one with a wrong filter', async () => {
    const failing = (code: ErrorCode) =>
      auditOf({ deleteEvents: () => Promise.reject(new ThroughlineError(code, 'it failed')) });
    const filter = { topics: ['a'] };
    const midway = failing('DATABASE_UNAVAILABLE');
    await expect(midway.operations.deleteEvents(caller, filter, false)).rejects.toThrow('it failed');
    expect(midway.sent).toMatchObject([{ payload: { filter, error: 'DATABASE_UNAVAILABLE' } }]);
    const wrong = failing('BAD_USER_INPUT');
    await expect(wrong.operations.deleteEvents(caller, filter, false)).rejects.toThrow('it failed');
    expect(wrong.sent).toEqual([]);
  });

  test('does not hold a value that is too large, but its size', async () => {
    const { sent, audit } = auditOf({});
    await audit.record(caller, {
      what: 'a',
      values: { long: 'x'.repeat(limits.auditedValueBytes), short: 1n },
    });
    expect(sent[0]!.payload).toEqual({ long: { omittedBytes: limits.auditedValueBytes + 2 }, short: '1' });
  });

  test('counts the refusals of its key that were not recorded, and those of all are bounded', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 });
    const { sent, audit } = auditOf({});
    const refuse = (name: string) =>
      audit.refused({ ...caller, name }, { operation: 'sendEvent', code: 'FORBIDDEN', message: 'no' });
    for (let n = 0; n < limits.auditedRefusals + 7; n += 1) await refuse('one');
    expect(sent).toHaveLength(limits.auditedRefusals);
    vi.setSystemTime(1_000_000_060_000);
    await refuse('one');
    expect(sent.at(-1)!.payload).toMatchObject({ unrecorded: 7 });
    for (let n = 0; n < 2 * limits.auditedRefusalsInAll; n += 1) await refuse(`key ${n}`);
    expect(sent).toHaveLength(limits.auditedRefusals + limits.auditedRefusalsInAll);
  });
});

/** Writes of events and of work, which histories tell of, and what readers of subscriptions do. */
const unaudited = [
  'sendEvent',
  'sendEvents',
  'updateEvent',
  'updateEvents',
  'deleteEvent',
  'enroll',
  'enrollMany',
  'extendLease',
  'releaseJob',
  'nextEvent',
  'acknowledge',
];

describe('Each mutation', () => {
  test('is audited, or known not to be', () => {
    const fields = Object.keys(schema.getMutationType()!.getFields());
    const audited = Object.keys(auditedChanges);
    expect(fields.filter((field) => !unaudited.includes(field)).sort()).toEqual(audited.sort());
  });

  test('that is audited is named in the guide', async () => {
    const guide = await readFile(new URL('../../docs/guides/access.md', import.meta.url), 'utf8');
    for (const name of Object.keys(auditedChanges)) expect(guide).toContain(`\`${name}\``);
  });
});
