// Bundles src and most of what it depends on into dist, if dist was made of anything else: quick enough to run before every
// start. Without the development dependencies it leaves dist as it is.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildConsole } from './build-console.mjs';
import { ensureClientGenerated } from './generate-client.mjs';
import { ensureGenerated, fingerprint as generatedFingerprint } from './generate-prisma.mjs';

/** Files that are imported by path: the programs, the library, the database's thread; a template and a benchmark need the rest. */
const entryPoints = [
  'bin',
  'main',
  'gateway',
  'testing',
  'database/embedded/worker',
  'database/embedded/template',
  'graphql/schema',
];

/**
 * Loaded from node_modules as they are: PGlite, pino and jiti read files beside their own, pg and ws try native
 * addons; GraphiQL, and what writes types of schemas, are many MB that few starts need.
 */
export const external = [
  '@electric-sql/pglite',
  'pino',
  'jiti',
  'pg',
  'bufferutil',
  'utf-8-validate',
  '@graphql-yoga/render-graphiql',
  'json-schema-to-typescript',
];

/** Names the contents of everything that dist is made of; of the dependencies, which versions are asked for and installed. */
function fingerprint() {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('console'),
  );
  const locks = ['package-lock.json', 'node_modules/.package-lock.json'].filter((file) => existsSync(file));
  const hash = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .update(generatedFingerprint());
  for (const file of [...locks, ...sources.sort().map((file) => join('src', file))]) {
    hash.update(`${file}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function isCurrent(made) {
  return existsSync('dist/fingerprint') && readFileSync('dist/fingerprint', 'utf8') === made;
}

/** Undefined where the development dependencies are not installed. */
async function loadBundler() {
  try {
    return await import('esbuild');
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function bundle({ build }) {
  const { outputFiles } = await build({
    entryPoints: entryPoints.map((name) => `src/${name}.ts`),
    outbase: 'src',
    outdir: 'dist',
    bundle: true,
    external,
    // One copy of each module, whichever entry points need it; chunks lie as deep as dist/database/embedded, for paths from there.
    splitting: true,
    chunkNames: 'chunks/shared/[name]-[hash]',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Dependencies in CommonJS ask for modules of Node.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    sourcemap: true,
    // Node reads every map at the start.
    sourcesContent: false,
    write: false,
  });
  return outputFiles;
}

/** The console is built, and replaced, by itself. */
function clearBuild() {
  const parts = existsSync('dist') ? readdirSync('dist').filter((name) => name !== 'console') : [];
  for (const part of parts) rmSync(join('dist', part), { recursive: true, force: true });
}

/** Whether there is a program to start; false where it is not built and cannot be. */
export async function buildProgram() {
  const isBuilt = existsSync('dist/main.js');
  // An image may hold the built program alone.
  if (isBuilt && !existsSync('src')) return true;
  const made = fingerprint();
  if (isCurrent(made)) return true;
  const bundler = await loadBundler();
  if (!bundler) return isBuilt;
  // What does not compile leaves dist as it was.
  await ensureGenerated();
  await ensureClientGenerated();
  const files = await bundle(bundler);
  clearBuild();
  for (const { path, contents } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  // Last of all: a build that was interrupted is made again.
  writeFileSync('dist/fingerprint', made);
  return true;
}

/** What to run where there is none. */
export const notBuilt =
  'Throughline is not built, and its build needs the development dependencies: run `npm ci --include=dev`, or copy dist from where it was built.';

if (process.argv[1] === import.meta.filename) {
  if (await buildProgram()) await buildConsole();
  else {
    process.stderr.write(`${notBuilt}\n`);
    process.exitCode = 1;
  }
}
