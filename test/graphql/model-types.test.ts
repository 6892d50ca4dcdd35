// Fields that no model has, or that differ in type or nullability, do not compile; fields that would make Pothos ask Prisma do not lint.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import type { GraphQLObjectType } from 'graphql';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { getDatamodel } from '../../generated/pothos.ts';
import { schema } from '../../src/graphql/schema.ts';

/** In the folder of the schema, where its imports lead; it exists in memory only. */
const file = join(process.cwd(), 'src/graphql/fields-in-memory.ts');

const imports = [
  `import { builder } from './builder.ts';`,
  `import { column, Event } from './event/event.ts';`,
  `import { Node } from './node.ts';`,
];

const sound = [
  `builder.prismaObjectField(Event, 'a', (t) => t.string({ ...column('topic') }));`,
  `builder.prismaObjectField(Event, 'b', (t) => t.string({ nullable: true, ...column('hash') }));`,
  `builder.prismaObjectField(Event, 'c', (t) => t.int({ ...column('retries') }));`,
  `builder.prismaObject('Trigger', { findUnique: null, interfaces: [Node], fields: (t) => ({ d: t.exposeString('name') }) });`,
  `builder.prismaObjectField('Trigger', 'e', (t) => t.exposeString('eventType', { nullable: true }));`,
  `builder.prismaObjectField('Trigger', 'f', (t) => t.string({ resolve: ({ topic }) => topic }));`,
];

const wrong = [
  [
    'misspelt, of an event',
    `builder.prismaObjectField(Event, 'a', (t) => t.string({ ...column('topik') }));`,
  ],
  ['nullable, of an event', `builder.prismaObjectField(Event, 'b', (t) => t.string({ ...column('hash') }));`],
  [
    'of another type, of an event',
    `builder.prismaObjectField(Event, 'c', (t) => t.int({ ...column('topic') }));`,
  ],
  ['perhaps not read, of an event', `builder.prismaObjectField(Event, 'd', (t) => t.exposeString('topic'));`],
  ['misspelt, of a trigger', `builder.prismaObjectField('Trigger', 'e', (t) => t.exposeString('nmae'));`],
  [
    'nullable, of a trigger',
    `builder.prismaObjectField('Trigger', 'f', (t) => t.exposeString('eventType'));`,
  ],
  ['of another type, of a trigger', `builder.prismaObjectField('Trigger', 'g', (t) => t.exposeInt('name'));`],
  [
    'secret, of a trigger',
    `builder.prismaObjectField('Trigger', 'h', (t) => t.exposeStringList('secrets'));`,
  ],
  [
    'misspelt in a resolver, of a trigger',
    `builder.prismaObjectField('Trigger', 'i', (t) => t.string({ resolve: ({ topik }) => topik }));`,
  ],
  ['of a model that does not exist', `builder.prismaObject('Trigr', { findUnique: null });`],
] as const;

/** The texts of the lines at which the compiler takes offence. */
function refusedLines(lines: readonly string[]): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8'));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd());
  const host = ts.createCompilerHost(options, true);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, language) =>
    path === file
      ? ts.createSourceFile(file, lines.join('\n'), language, true)
      : getSourceFile.call(host, path, language);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file)!;
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  const numbers = found.map(({ start }) => source.getLineAndCharacterOfPosition(start ?? 0).line);
  return [...new Set(numbers)].sort((a, b) => a - b).map((number) => lines[number]!);
}

test('the compiler refuses each wrong field of a model, and no sound one', () => {
  const lines = [...imports, ...sound, ...wrong.map(([, line]) => line)];
  expect(refusedLines(lines)).toEqual(wrong.map(([, line]) => line));
});

test.each([
  `builder.prismaObjectField(Event, 'a', (t) => t.relation('dependents'));`,
  `builder.prismaObjectField(Event, 'a', (t) => t.relatedConnection('dependents', { cursor: 'id' }));`,
  `builder.prismaObjectField(Event, 'a', (t) => t.relationCount('dependents'));`,
  `builder.prismaObjectField(Event, 'a', (t) => t.int({ select: { _count: true }, resolve: () => 1 }));`,
  `export const count = (event) => event._count.dependents;`,
  `builder.queryField('a', (t) => t.prismaField({ type: Event, resolve: () => null }));`,
])('the linter refuses what would make Pothos ask Prisma: %s', async (line) => {
  const [result] = await new ESLint().lintText(line, { filePath: file });
  expect(result!.messages.map(({ ruleId }) => ruleId)).toContain('no-restricted-syntax');
});

test('what a field of a model is stands once: in the model', () => {
  const types = {
    Event: 'Event',
    StatusChange: 'LogEntry',
    Lease: 'Job',
    DurableSubscription: 'Subscription',
    Trigger: 'Trigger',
    Topic: 'Topic',
    OutboxFailure: 'OutboxFailure',
    Handler: 'Handler',
    ApiKey: 'ApiKey',
  } as const;
  const { models } = getDatamodel().datamodel;
  const twice = Object.entries(types).flatMap(([name, model]) => {
    const fields = (schema.getType(name) as GraphQLObjectType).getFields();
    return models[model]!.fields.flatMap(({ name: field, documentation = '' }) =>
      fields[field]?.description?.startsWith(documentation) === false ? `${model}.${field}` : [],
    );
  });
  expect(twice).toEqual([]);
});
