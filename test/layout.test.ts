// Holds the shape of src: who may import whom, no circles, and files and functions small enough to read.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Arrows point one way: transport → graphql → operations → log → store → domain → base. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  domain: ['base'],
  database: ['base'],
  store: ['base', 'domain', 'database'],
  log: ['base', 'domain', 'database', 'store'],
  live: ['base', 'domain', 'store'],
  jobs: ['base', 'domain', 'database', 'store', 'log', 'live'],
  subscriptions: ['base', 'domain', 'database', 'store', 'log', 'live'],
  topics: ['base', 'domain', 'database', 'store'],
  operations: ['base', 'domain', 'database', 'store', 'log', 'live', 'jobs', 'subscriptions', 'topics'],
  handlers: ['base', 'domain', 'operations', 'database', 'store', 'log', 'live', 'jobs'],
  outbox: ['base', 'domain', 'database', 'store', 'operations'],
  triggers: ['base', 'domain', 'database', 'store', 'operations'],
  graphql: ['base', 'domain', 'operations', 'live', 'version.ts'],
  http: ['base', 'domain', 'database', 'graphql', 'operations', 'triggers', 'config.ts'],
  ayon: ['base', 'domain', 'live', 'operations', 'graphql', 'http'],
  // Knows the gateway by its schema alone.
  client: [],
  codegen: ['client'],
  // Talks to gateways with the client. Presets of scopes, the examination of a database, and the program itself are shared.
  cli: ['client', 'codegen', 'base', 'domain', 'database', 'store', 'main.ts', 'version.ts'],
  'bin.ts': ['cli', 'main.ts'],
  'version.ts': ['package.json'],
  // A user of the client like any other; shows the reference page of limits.
  console: ['client', 'docs'],
  composition: [
    // The store for test-gateway.ts alone.
    ...[
      'base',
      'domain',
      'database',
      'store',
      'live',
      'log',
      'jobs',
      'subscriptions',
      'topics',
      'operations',
    ],
    ...['handlers', 'triggers', 'outbox', 'graphql', 'http', 'ayon', 'config.ts', 'package.json'],
  ],
  'gateway.ts': ['base', 'domain', 'database', 'handlers', 'composition', 'config.ts'],
  'testing.ts': ['composition', 'gateway.ts'],
  'main.ts': ['base', 'database', 'gateway.ts', 'config.ts', 'key-file.ts'],
  'config.ts': ['base', 'domain', 'database'],
  'key-file.ts': ['base', 'database'],
};

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => {
    const text = readFileSync(join('src', file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    return { file, text, lines: text.split('\n').length - 1, source, imports: importsOf(file, source) };
  });

/** Of values and of types alike, and those that are loaded later. */
function importsOf(file: string, source: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier && ts.isStringLiteral(specifier) && specifier.text.startsWith('.'))
      found.push(normalize(join(dirname(file), specifier.text)));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  const isImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isImport ? node.arguments[0] : undefined;
}

function layerOf(file: string): string {
  return file.replace(/^\.\.\//, '').split('/')[0] ?? file;
}

describe('The layout of src', () => {
  it('lets each layer import only those below it', () => {
    const wrong = files.flatMap(({ file, imports }) => {
      const allowed = mayImport[layerOf(file)];
      if (!allowed) return [];
      return imports
        .filter(
          (target) =>
            ![layerOf(file), 'generated'].includes(layerOf(target)) && !allowed.includes(layerOf(target)),
        )
        .map(
          (target) =>
            `src/${file} imports ${target}; ${layerOf(file)} may import ${allowed.join(', ') || 'nothing of ours'}: move what it needs down, or pass it in from src/composition`,
        );
    });
    expect(wrong).toEqual([]);
  });

  it('loads Prisma Client in the database layer alone; only the store asks it', () => {
    const loading = /^(import (?!type )[^;]*|.*\bimport\()\s*'[^']*generated\/prisma\/(?!enums)|@prisma\//m;
    const loaders = files.filter(({ text }) => loading.test(text)).map(({ file }) => file);
    expect(loaders.filter((file) => layerOf(file) !== 'database')).toEqual([]);
    expect(loaders).toContain('database/control-plane.ts');
    const askers = files.filter(({ imports }) => imports.includes('database/control-plane.ts'));
    expect(askers.map(({ file }) => file).filter((file) => layerOf(file) !== 'store')).toEqual([]);
  });

  it('names every folder in the table of imports', () => {
    const folders = new Set(files.filter(({ file }) => file.includes('/')).map(({ file }) => layerOf(file)));
    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it('has no circular imports, not even of types', () => {
    expect(circles(new Map(files.map(({ file, imports }) => [file, imports])))).toEqual([]);
  });

  it('has no folder of more than 20 files', () => {
    const counts = new Map<string, number>();
    for (const { file } of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([, count]) => count > 20);
    expect(
      full.map(([folder, count]) => `src/${folder} has ${count} files: give a subject of it a folder`),
    ).toEqual([]);
  });

  it('has no file over 400 lines, and half of them under 150', () => {
    const long = files
      .filter(({ lines }) => lines > 400)
      .map(({ file, lines }) => `src/${file} has ${lines} lines: cut it where it says "and"`);
    expect(long).toEqual([]);
    const sorted = files.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(150);
  });

  it('has no function over 80 lines', () => {
    const long = files
      .flatMap(({ file, source }) => functionsOf(source).map((f) => ({ ...f, file })))
      .filter((f) => f.lines > 80);
    expect(
      long.map((f) => `src/${f.file}: ${f.name} has ${f.lines} lines: give a part of it a name`),
    ).toEqual([]);
  });

  it('opens every file with a sentence that says what it is', () => {
    expect(files.filter(({ text }) => !/^\/\/ .{10}/.test(text)).map(({ file }) => `src/${file}`)).toEqual(
      [],
    );
  });

  it('calls no file util, helper, common or misc, and has no barrel', () => {
    const names = /(^|\/)(utils?|helpers?|common|misc|index)\.ts$/;
    expect(files.filter(({ file }) => names.test(file)).map(({ file }) => file)).toEqual([]);
  });

  it('keeps SQL in the store and the database layer', () => {
    const sql = /\b(SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b/;
    const wrong = files.filter(
      ({ file, text }) => !['store', 'database'].includes(layerOf(file)) && sql.test(text),
    );
    expect(wrong.map(({ file }) => `src/${file} holds SQL: make it a function of src/store`)).toEqual([]);
  });
});

function functionsOf(source: ts.SourceFile): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const start = source.getLineAndCharacterOfPosition(node.getStart()).line;
      const end = source.getLineAndCharacterOfPosition(node.getEnd()).line;
      found.push({ name: node.name?.getText() ?? 'a function', lines: end - start + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Every circle once, as `a → b → a`. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return found;
}
