// Types of declared topics, and what changes between declarations.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  pullTopics,
  pushTopics,
  readTopicFiles,
  writeTopicFiles,
} from '../../src/codegen/declared-topics.ts';
import { schemaChanges } from '../../src/codegen/schema-changes.ts';
import { topicTypes } from '../../src/codegen/topic-types.ts';
import { clientTests } from '../client/support.ts';
import { describeEmbedded } from '../support/database.ts';

const order = {
  name: 'order.paid',
  title: 'Paid',
  payloadSchema: {
    type: 'object',
    properties: { total: { type: 'number' }, currency: { enum: ['EUR', 'USD'] } },
    required: ['total'],
  },
};

/** Lines of program.ts that the compiler refuses. */
function linesWithProblems(files: Readonly<Record<string, string>>): number[] {
  const host = ts.createCompilerHost({});
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, version) =>
    files[name] === undefined
      ? getSourceFile(name, version)
      : ts.createSourceFile(name, files[name], version);
  host.fileExists = (name) => name in files || fileExists(name);
  host.readFile = (name) => files[name] ?? readFile(name);
  const options = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    ...{
      target: ts.ScriptTarget.ES2023,
      types: ['node'],
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    },
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  };
  const program = ts.createProgram([join(process.cwd(), 'program.ts')], options, host);
  const diagnostics = ts.getPreEmitDiagnostics(program);
  return diagnostics.map(
    ({ file, start = 0, messageText }) =>
      1 + (file?.getLineAndCharacterOfPosition(start).line ?? Number(messageText)),
  );
}

describe('Types of topics', () => {
  test('let the compiler check what is sent, and refuse unknown topics', async () => {
    const types = await topicTypes([order, { name: '2.free', description: 'Any */ JSON' }]);
    const program = `import { createClient } from './src/client/client.ts';
import type { Topics } from './types-of-topics.ts';
const client = createClient<Topics>({ url: '' });
await client.send('order.paid', { total: 1, currency: 'EUR' });
await client.send('2.free', { whatever: 1 });
client.worker({ source: 'order.paid', target: 'x' }, ({ payload }) => payload.total.toFixed());
await client.send('order.payd', { total: 1 });
await client.send('order.paid', { total: '1' });
client.worker({ source: 'order.paid', target: 'x' }, ({ payload }) => payload.totl);
export {};`;
    const files = { 'types-of-topics.ts': types, 'program.ts': program };
    const wrong = linesWithProblems(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [join(process.cwd(), name), text])),
    );
    expect(wrong).toEqual([7, 8, 9]);
  });
});

describe('Changes of schemas', () => {
  const changed = (payloadSchema: object) =>
    schemaChanges([order], [{ ...order, payloadSchema }]).map(
      ({ path, message, isBreaking }) => `${path} ${message}${isBreaking ? '!' : ''}`,
    );
  const { payloadSchema } = order;

  test('the same schema in another order is no change', () => {
    const { required, properties, type } = payloadSchema;
    expect(changed({ required, properties, type })).toEqual([]);
  });

  test('a new optional property does not break; a required, a removed or a changed one does', () => {
    const { properties } = payloadSchema;
    expect(changed({ ...payloadSchema, properties: { ...properties, note: { type: 'string' } } })).toEqual([
      'payload.note is new',
    ]);
    expect(changed({ ...payloadSchema, required: ['total', 'currency'] })).toEqual([
      'payload.currency is required now: senders without it are refused!',
    ]);
    expect(changed({ ...payloadSchema, properties: { total: { type: 'number' } } })).toEqual([
      'payload.currency is gone!',
    ]);
    expect(changed({ ...payloadSchema, properties: { ...properties, total: { type: 'string' } } })).toEqual([
      'payload.total is string, and was number!',
    ]);
    expect(changed({ ...payloadSchema, properties: { ...properties, currency: { enum: ['EUR'] } } })).toEqual(
      ['payload.currency may not be "USD" any more!'],
    );
    expect(changed({ ...payloadSchema, additionalProperties: false })).toEqual([
      'payload has another additionalProperties!',
    ]);
  });

  test('a new topic does not break', () => {
    expect(schemaChanges([], [order])).toMatchObject([{ topic: 'order.paid', isBreaking: false }]);
  });
});

describeEmbedded('Declarations', (backend) => {
  const tests = clientTests(backend);

  test('travel from files to a gateway and back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'throughline-topics-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeTopicFiles(folder, [order]);
    const read = await readTopicFiles(folder);
    expect(read).toEqual([order]);
    const client = tests.client();
    await pushTopics(client, read);
    const pulled = await pullTopics(client);
    expect(schemaChanges(read, pulled)).toEqual([]);
    expect(pulled).toEqual([order]);
    await writeFile(join(folder, 'other.json'), '{"name": "another"}');
    await expect(readTopicFiles(folder)).rejects.toThrow('name the file another.json');
  });
});
