// Trusted documents: what runs with and without the scope admin on every transport, and manifests that are refused at start.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getIntrospectionQuery, GraphQLError } from 'graphql';
import { createSchema } from 'graphql-yoga';
import { afterAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { StartupError } from '../../src/database/database.ts';
import { readTrustedDocuments } from '../../src/http/graphql/trusted-documents.ts';
import type { HttpOptions } from '../../src/http/server.ts';
import { type Answer, codeOf, get, json, key, post, RawClient, type Running, serve } from './support.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const manifestOf = (...texts: string[]) => new Map(texts.map((text) => [hashOf(text), text]));

const hello = 'query Hello { hello }';
const many = 'query Many($values: [Int!]) { many(values: $values) }';
const note = 'mutation Note { note(text: "x") }';
const count = 'subscription Count { count(to: 1) }';
const typeName = 'query Name { __typename hello }';
const schemaQuery = 'query Schema { s: __schema { queryType { name } } }';
const trustedDocuments = manifestOf(hello, many, note, count, typeName, schemaQuery);
const persisted = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });

const readerKey = 'tl_reader';
const bearer = { authorization: `Bearer ${readerKey}` };
const reader = { ...json, ...bearer };

/** A gateway with two keys: one of an admin, and one without that scope. */
function serveTrusted(options: Partial<HttpOptions> = {}): Promise<Running> {
  const scopes: Record<string, string[]> = { [key]: ['admin'], [readerKey]: ['events:read'] };
  return serve({
    trustedDocuments,
    authenticator: {
      authenticate: (given) =>
        scopes[given] ? { name: given, keyId: null, scopes: scopes[given], rows: null } : null,
    },
    ...options,
  });
}

/** What a WebSocket answers to one operation: the payload of its first message. */
async function overSocket(server: Running, payload: object, headers = bearer): Promise<any> {
  const client = await new RawClient(server).acknowledged(headers);
  client.send({ id: '1', type: 'subscribe', payload });
  const message = await client.next();
  client.end();
  return message.payload;
}

function stream(server: Running, body: object): Promise<Answer> {
  return post(server, body, { ...reader, accept: 'text/event-stream' } as typeof json);
}

describe('Without the scope admin', () => {
  const forms: [string, object][] = [
    ['its text', { query: hello }],
    ['Apollo’s hash', { extensions: persisted(hello) }],
    ['Apollo’s hash beside its text', { query: hello, extensions: persisted(hello) }],
    ['its documentId', { documentId: `sha256:${hashOf(hello)}` }],
    ['its bare documentId', { documentId: hashOf(hello) }],
    ['its documentId in capitals', { documentId: hashOf(hello).toUpperCase() }],
  ];

  it.each(forms)('a trusted document runs by %s, over HTTP and WebSocket', async (_form, request) => {
    const server = await serveTrusted();
    const answer = await post(server, request, reader);
    expect([answer.status, answer.body]).toEqual([200, { data: { hello: 'world' } }]);
    expect(await overSocket(server, request)).toEqual({ data: { hello: 'world' } });
    expect((await post(server, [request, request], reader)).body).toHaveLength(2);
  });

  it('one runs by GET, with its variables', async () => {
    const server = await serveTrusted();
    const variables = encodeURIComponent('{"values":[1,2]}');
    const byId = `/graphql?documentId=sha256:${hashOf(many)}&variables=${variables}`;
    expect((await get(server, byId, bearer)).body).toEqual({ data: { many: 2 } });
    const extensions = encodeURIComponent(JSON.stringify(persisted(many)));
    const byHash = `/graphql?extensions=${extensions}&variables=${variables}`;
    expect((await get(server, byHash, bearer)).body).toEqual({ data: { many: 2 } });
  });

  it('a trusted mutation runs, but not by GET', async () => {
    const server = await serveTrusted();
    expect((await get(server, `/graphql?documentId=${hashOf(note)}`, bearer)).status).toBe(405);
    expect(server.world.notes).toEqual([]);
    expect((await post(server, { documentId: hashOf(note) }, reader)).body).toEqual({ data: { note: 1 } });
  });

  it('a trusted subscription runs by its hash over WebSocket and server-sent events', async () => {
    const server = await serveTrusted();
    for (const request of [{ documentId: hashOf(count) }, { extensions: persisted(count) }]) {
      expect(await overSocket(server, request)).toEqual({ data: { count: 0 } });
      expect((await stream(server, request)).body).toContain('event: next\ndata: {"data":{"count":1}}');
    }
  });

  it.each([
    '{ hello }',
    `${hello} `,
    'subscription { forever }',
    'nonsense',
    '{ hellow }',
    '{ __schema { queryType { name } } }',
  ])('any other document is FORBIDDEN and tells nothing of the schema: %s', async (query) => {
    const server = await serveTrusted();
    const answers = [
      await post(server, { query }, reader),
      await post(server, { query, extensions: persisted(hello) }, reader),
      await post(server, { query, documentId: hashOf(hello) }, reader),
      await get(server, `/graphql?query=${encodeURIComponent(query)}`, bearer),
    ];
    for (const answer of answers) {
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
      expect(answer.body.errors[0]).toEqual({
        message:
          'Without the scope admin only trusted documents run here, and this is none of them. Send one by its hash, or as it stands in the manifest.',
        extensions: { code: 'FORBIDDEN', scope: 'admin' },
      });
    }
    expect((await stream(server, { query })).body).toContain('"code":"FORBIDDEN"');
    const [error] = await overSocket(server, { query });
    expect(error.extensions).toEqual({ code: 'FORBIDDEN', scope: 'admin' });
    expect(server.world).toMatchObject({ subscribers: 0, reported: [] });
  });

  it('a batch with one such document runs none of its operations', async () => {
    const server = await serveTrusted();
    const answer = await post(server, [{ query: note }, { query: '{ hello }' }], reader);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    expect(server.world.notes).toEqual([]);
  });

  it.each([
    { documentId: `sha256:${'a'.repeat(64)}` },
    { documentId: 'a'.repeat(64) },
    { documentId: 'md5:5d41402abc4b2a76b9719d911017c592' },
    { documentId: '', extensions: {} },
    { documentId: '__proto__' },
    { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } },
    { extensions: { persistedQuery: {} } },
  ])('a hash that is not in the manifest is not found: %j', async (request) => {
    const server = await serveTrusted();
    const answer = await post(server, request, reader);
    expect([answer.status, codeOf(answer)]).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
    const [error] = await overSocket(server, request);
    expect(error.extensions).toEqual({ code: 'PERSISTED_QUERY_NOT_FOUND' });
  });

  it.each([{ documentId: 7 }, { documentId: ['a'] }, { extensions: { persistedQuery: { sha256Hash: 7 } } }])(
    'an id that is no text is BAD_USER_INPUT: %j',
    async (request) => {
      const server = await serveTrusted();
      expect(codeOf(await post(server, request, reader))).toBe('BAD_USER_INPUT');
      expect((await overSocket(server, request))[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
    },
  );

  it('a trusted document that introspects is FORBIDDEN; __typename is no introspection', async () => {
    const server = await serveTrusted();
    for (const request of [{ query: schemaQuery }, { documentId: hashOf(schemaQuery) }]) {
      const answer = await post(server, request, reader);
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
      expect(answer.body.errors[0].message).toContain('introspected');
      expect((await overSocket(server, request))[0].extensions.code).toBe('FORBIDDEN');
    }
    const answer = await post(server, { query: typeName }, reader);
    expect(answer.body).toEqual({ data: { __typename: 'Query', hello: 'world' } });
  });

  it('a wrong variable is refused without a suggestion of names', async () => {
    const schema = createSchema({
      typeDefs: /* GraphQL */ `
        input Filter {
          secretField: Int
          order: Order
        }
        enum Order {
          SECRET_VALUE
        }
        type Query {
          find(filter: Filter): Int
        }
        type Subscription {
          found(filter: Filter): Int
        }
      `,
    });
    const find = 'query ($filter: Filter) { find(filter: $filter) }';
    const server = await serveTrusted({ schema, trustedDocuments: manifestOf(find) });
    const wrong = [{ secretFiel: 1 }, { order: 'SECRET_VALU' }];
    for (const filter of wrong) {
      const request = { query: find, variables: { filter } };
      const told = await post(server, request);
      expect(told.body.errors[0].message).toContain('Did you mean');
      for (const { errors } of [
        (await post(server, request, reader)).body,
        await overSocket(server, request),
      ]) {
        expect(errors[0].message).toMatch(/^Variable "\$filter" got invalid value [^?]*\.$/);
        expect(errors[0].message).not.toMatch(/Did you mean|secretField|SECRET_VALUE/);
        expect(errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
      }
    }
  });

  it('so is one of a subscription', async () => {
    const server = await serveTrusted({
      subscriptions: {
        warm: () => () => {},
        subscribe: async () => ({
          errors: [new GraphQLError('Field "x" is not defined by type "Y". Did you mean "secret"?')],
        }),
      },
    });
    for (const text of [
      JSON.stringify(await overSocket(server, { query: count })),
      (await stream(server, { query: count })).body,
    ])
      expect(JSON.stringify(text)).not.toMatch(/Did you mean|secret/);
    expect(JSON.stringify(await overSocket(server, { query: count }, json))).toMatch(/Did you mean/);
  });
});

describe('With the scope admin', () => {
  it('any document runs, trusted ones by their hashes too, and the schema can be introspected', async () => {
    const server = await serveTrusted();
    for (const request of [
      { query: '{ hello }' },
      ...[hello].map((text) => ({ documentId: hashOf(text) })),
    ]) {
      expect((await post(server, request)).body).toEqual({ data: { hello: 'world' } });
      expect(await overSocket(server, request, json)).toEqual({ data: { hello: 'world' } });
    }
    const introspected = await post(server, { query: getIntrospectionQuery() });
    expect(introspected.body.data.__schema.queryType.name).toBe('Query');
    const misspelt = await post(server, { query: '{ hellow }' });
    expect(misspelt.body.errors[0].message).toContain('Did you mean "hello"?');
  });
});

describe('Without a manifest', () => {
  it('every caller may run any document, and hashes are not found', async () => {
    const server = await serveTrusted({ trustedDocuments: null });
    expect((await post(server, { query: '{ hello }' }, reader)).body.data).toEqual({ hello: 'world' });
    for (const request of [{ documentId: hashOf(hello) }, { extensions: persisted(hello) }])
      expect(codeOf(await post(server, request, reader))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });
});

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function fileWith(text: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-manifest-'));
  folders.push(folder);
  const path = join(folder, 'manifest.json');
  await writeFile(path, text);
  return path;
}

/** The line of the start that such a manifest stops. */
async function refusalOf(text: string | Buffer): Promise<string> {
  const reading = readTrustedDocuments(await fileWith(text)).then((read) =>
    serveTrusted({ trustedDocuments: read }),
  );
  const error = await reading.then(
    () => expect.fail('the manifest was taken'),
    (failure: unknown) => failure as Error,
  );
  expect(error).toBeInstanceOf(StartupError);
  expect(error.message).toMatch(/^THROUGHLINE_TRUSTED_DOCUMENTS [^\n]+\.$/);
  return error.message;
}

describe('A manifest', () => {
  it('is read with its hashes bare or with a prefix, as versions of graphql-codegen write them', async () => {
    const read = await readTrustedDocuments(
      await fileWith(JSON.stringify({ [hashOf(hello)]: hello, [`sha256:${hashOf(many)}`]: many })),
    );
    expect(read).toEqual(manifestOf(hello, many));
    expect(await readTrustedDocuments(null)).toBeNull();
  });

  it.each([
    ['that is not JSON', '{\n', /is not JSON: /],
    ['that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), /cannot be read: /],
    ['that is no object', '["{ hello }"]', /is not a JSON object/],
    [
      'with something that is no document',
      JSON.stringify({ [hashOf(hello)]: { body: hello } }),
      /has no text for "/,
    ],
    ['with a key that is no hash', JSON.stringify({ hello }), /has the key "hello", which is not a SHA-256/],
    ['with SHA-1', JSON.stringify({ ['a'.repeat(40)]: hello }), /set hashAlgorithm: 'sha256'/],
    [
      'with the hash of another document',
      JSON.stringify({ [hashOf(many)]: hello }),
      new RegExp(`has "${hashOf(many)}" for a document whose SHA-256 is ${hashOf(hello)}`),
    ],
    [
      'with a document that is not GraphQL',
      manifestText('{ hello'),
      /cannot be served, [\da-f]{64}: Syntax Error/,
    ],
    [
      'with one that does not fit the schema',
      manifestText(hello, '{ nope }'),
      /Cannot query field "nope" on type "Query"/,
    ],
    ['with one beyond a limit', manifestText(`{ ${'hello '.repeat(5_000)} }`), /more than 5000 tokens/],
  ])('%s is refused at start, in one line', async (_name, text, fault) => {
    expect(await refusalOf(text)).toMatch(fault);
  });

  it('that is not there is refused at start', async () => {
    await expect(readTrustedDocuments('/nowhere/manifest.json')).rejects.toThrow(
      /^THROUGHLINE_TRUSTED_DOCUMENTS \/nowhere\/manifest\.json cannot be read: ENOENT/,
    );
  });

  it('may have as much as the limits say, and no more', async () => {
    const documents = Object.fromEntries(
      Array.from({ length: limits.trustedDocuments + 1 }, (_, n) => `{ a${n}: hello }`).map((text) => [
        hashOf(text),
        text,
      ]),
    );
    expect(await refusalOf(JSON.stringify(documents))).toContain('5001 documents; at most 5000');
    const [first = ''] = Object.keys(documents);
    delete documents[first];
    const text = JSON.stringify(documents);
    const filled = text.padEnd(limits.trustedDocumentsBytes);
    expect((await readTrustedDocuments(await fileWith(filled)))?.size).toBe(limits.trustedDocuments);
    expect(await refusalOf(`${filled} `)).toContain('4194305 bytes; at most 4194304');
  });
});

function manifestText(...texts: string[]): string {
  return JSON.stringify(Object.fromEntries(manifestOf(...texts)));
}
