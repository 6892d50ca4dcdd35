// Generates Prisma Client and the types for Pothos from prisma/schema.prisma, without Prisma's CLI and its downloads.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const root = dirname(import.meta.dirname);
const schemaFile = join(root, 'prisma/schema.prisma');
const folder = join(root, 'generated');
const require = createRequire(import.meta.url);

const generators = {
  'prisma-client': generateClient,
  'prisma-pothos-types': generatePothosTypes,
};

/** Hashes what the generated files depend on: the schema, this script and the versions of the generators. */
export function fingerprint() {
  const hash = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .update(readFileSync(schemaFile));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const [path, { version }] of Object.entries(lock.packages)) {
    if (/node_modules\/(@prisma|@pothos)\//.test(path)) hash.update(`${path}@${version}\n`);
  }
  return hash.digest('hex');
}

/** Generates into `generated/` unless what is there is current. */
export async function ensureGenerated() {
  const made = fingerprint();
  const mark = join(folder, 'fingerprint');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === made) return;
  // Beside it first: an interrupted or concurrent generation leaves no half of one.
  const fresh = `${folder}.${process.pid}`;
  await generate(fresh);
  writeFileSync(join(fresh, 'fingerprint'), made);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

/** Runs each generator of the schema as Prisma's CLI would; their outputs keep their places within `into`. */
export async function generate(into) {
  const { default: wasm } = await import('@prisma/prisma-schema-wasm');
  const datamodel = readFileSync(schemaFile, 'utf8');
  const prismaSchema = [[schemaFile, datamodel]];
  const config = JSON.parse(wasm.get_config(JSON.stringify({ prismaSchema })));
  const fault = config.errors?.[0];
  if (fault) throw new Error(`prisma/schema.prisma cannot be read: ${fault.message}`);
  const { generators: declared, datasources } = config.config;
  const dmmf = JSON.parse(wasm.get_dmmf(JSON.stringify({ prismaSchema })));
  const placed = declared.map((generator) => placeWithin(into, generator));
  for (const generator of placed) {
    const run = generators[generator.provider.value];
    await run({
      generator,
      otherGenerators: placed.filter((other) => other !== generator),
      schemaPath: schemaFile,
      datamodel,
      dmmf,
      datasources,
      binaryPaths: {},
      version: 'none',
    });
  }
}

/** The schema names outputs relative to itself, below `generated/`. */
function placeWithin(into, generator) {
  const output = resolve(dirname(schemaFile), generator.output.value);
  const value = join(into, output.slice(folder.length));
  return { ...generator, output: { ...generator.output, value } };
}

async function generateClient(options) {
  // Its ES module build cannot be loaded.
  const { PrismaClientTsGenerator } = require('@prisma/client-generator-ts');
  mkdirSync(options.generator.output.value, { recursive: true });
  await new PrismaClientTsGenerator().generate(options);
}

/** The generator is a program: one JSON-RPC request per line on its input, one answer per line on its error output. */
function generatePothosTypes(options) {
  const program = join(dirname(require.resolve('@pothos/plugin-prisma')), '../bin/generator.js');
  return new Promise((succeed, fail) => {
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'pipe'] });
    let heard = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      heard += text;
      const answer = heard.split('\n').slice(0, -1).map(parseAnswer).find(Boolean);
      if (!answer) return;
      child.stdin.end();
      if (answer.error) fail(new Error(`the types for Pothos cannot be generated: ${answer.error.message}`));
      else succeed();
      child.kill();
    });
    child.on('error', fail);
    child.on('exit', (code) => fail(new Error(`the generator for Pothos ended with ${code}: ${heard}`)));
    child.stdin.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'generate', params: options })}\n`);
  });
}

function parseAnswer(line) {
  try {
    const answer = JSON.parse(line);
    return answer.id === 1 ? answer : undefined;
  } catch {
    return undefined;
  }
}

if (process.argv[1] === import.meta.filename) await ensureGenerated();
