// Generates the typed documents of the client from schema.graphql and its operations, without the CLI of graphql-codegen.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const schemaFile = join(root, 'schema.graphql');
const operationsFile = join(root, 'src/client/operations.graphql');
const folder = join(root, 'generated/client');

/** Hashes what the generated files depend on: the schema, the operations, this script and the versions of graphql-codegen. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [import.meta.filename, schemaFile, operationsFile]) hash.update(readFileSync(file));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const [path, { version }] of Object.entries(lock.packages)) {
    if (path.includes('node_modules/@graphql-codegen/')) hash.update(`${path}@${version}\n`);
  }
  return hash.digest('hex');
}

/** Generates into `generated/client` unless what is there is current. */
export async function ensureClientGenerated() {
  const made = fingerprint();
  const mark = join(folder, 'fingerprint');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === made) return;
  // Beside it first: an interrupted or concurrent generation leaves no half of one.
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const { filename, content } of await generate())
    writeFileSync(join(fresh, basename(filename)), content);
  writeFileSync(join(fresh, 'fingerprint'), made);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

/** What graphql-codegen's client preset makes: one module with the documents as strings and their types. */
async function generate() {
  const [{ codegen }, { preset }, { parse }] = await Promise.all([
    import('@graphql-codegen/core'),
    import('@graphql-codegen/client-preset'),
    import('graphql'),
  ]);
  const operations = readFileSync(operationsFile, 'utf8');
  const outputs = await preset.buildGeneratesSection({
    baseOutputDir: 'generated/client/',
    schema: parse(readFileSync(schemaFile, 'utf8')),
    documents: [{ location: operationsFile, rawSDL: operations, document: parse(operations) }],
    plugins: [],
    pluginMap: {},
    presetConfig: { fragmentMasking: false, skipIndexFile: true },
    config: {
      documentMode: 'string',
      useTypeImports: true,
      enumType: 'string-literal',
      immutableTypes: true,
      avoidOptionals: false,
      scalars: { DateTime: 'string', Position: 'string', ID: 'string', JSON: 'any' },
    },
  });
  const documents = outputs.filter(({ filename }) => filename.endsWith('/graphql.ts'));
  return Promise.all(
    documents.map(async (output) => ({
      filename: output.filename,
      content: shakeable(await codegen(output)),
    })),
  );
}

/** Bundlers leave out the documents that a program does not use. */
function shakeable(code) {
  return code.replaceAll('= new TypedDocumentString(', '= /*#__PURE__*/ new TypedDocumentString(');
}

if (process.argv[1] === import.meta.filename) await ensureClientGenerated();
