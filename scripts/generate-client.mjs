// Generates the typed documents of the client, of the CLI and of the console from schema.graphql and their operations, without the CLI
// of graphql-codegen.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const schemaFile = join(root, 'schema.graphql');

/** What is generated: the operations of the files in some folders make one module below `generated`. */
const targets = [
  { folder: 'client', operations: ['src/client', 'src/cli'] },
  { folder: 'console', operations: ['src/console/operations'] },
];

function operationsOf({ operations }) {
  return operations.flatMap((folder) => {
    const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.graphql'));
    return files.sort().map((file) => join(root, folder, file));
  });
}

/** Hashes what the generated files depend on: the schema, the operations, this script and the versions of graphql-codegen. */
function fingerprint(target) {
  const hash = createHash('sha256');
  for (const file of [import.meta.filename, schemaFile, ...operationsOf(target)])
    hash.update(readFileSync(file));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const [path, { version }] of Object.entries(lock.packages)) {
    if (path.includes('node_modules/@graphql-codegen/')) hash.update(`${path}@${version}\n`);
  }
  return hash.digest('hex');
}

/** Generates below `generated` what is not current. */
export async function ensureClientGenerated() {
  for (const target of targets) await ensureTarget(target);
}

async function ensureTarget(target) {
  const folder = join(root, 'generated', target.folder);
  const made = fingerprint(target);
  const mark = join(folder, 'fingerprint');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === made) return;
  // Beside it first: an interrupted or concurrent generation leaves no half of one.
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const { filename, content } of await generate(target))
    writeFileSync(join(fresh, basename(filename)), content);
  writeFileSync(join(fresh, 'fingerprint'), made);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

/** What graphql-codegen's client preset makes: one module with the documents as strings and their types. */
async function generate(target) {
  const [{ codegen }, { preset }, { parse }] = await Promise.all([
    import('@graphql-codegen/core'),
    import('@graphql-codegen/client-preset'),
    import('graphql'),
  ]);
  const documents = operationsOf(target).map((location) => {
    const rawSDL = readFileSync(location, 'utf8');
    return { location, rawSDL, document: parse(rawSDL) };
  });
  const outputs = await preset.buildGeneratesSection({
    baseOutputDir: `generated/${target.folder}/`,
    schema: parse(readFileSync(schemaFile, 'utf8')),
    documents,
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
  const modules = outputs.filter(({ filename }) => filename.endsWith('/graphql.ts'));
  return Promise.all(
    modules.map(async (output) => ({
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
