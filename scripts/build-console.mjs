// Builds the web console into dist/console, if it was built from anything else, and with it the manifest of the documents
// that it sends, so that it works where only trusted documents run.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, constants } from 'node:zlib';
import { ensureClientGenerated } from './generate-client.mjs';

const folder = 'dist/console';

function filesBelow(path) {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
  return names.filter((name) => statSync(name).isFile()).sort();
}

function fingerprint() {
  const sources = [
    ...['src/console', 'src/client', 'generated/client', 'generated/console'].flatMap(filesBelow),
    ...['package-lock.json', 'docs/reference/limits.md', import.meta.filename].filter((file) =>
      existsSync(file),
    ),
  ];
  const hash = createHash('sha256');
  for (const file of sources) hash.update(`${file}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

function isCurrent(made) {
  const mark = join(folder, 'fingerprint');
  return existsSync(mark) && readFileSync(mark, 'utf8') === made;
}

/** Undefined where the development dependencies are not installed. */
async function loadVite() {
  try {
    return await import('vite');
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The texts of all documents, by their SHA-256. */
async function manifest() {
  const { transform } = await import('esbuild');
  const entries = [];
  for (const name of ['client', 'console']) {
    const source = readFileSync(`generated/${name}/graphql.ts`, 'utf8');
    const { code } = await transform(source, { loader: 'ts', format: 'esm' });
    const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    for (const [exported, document] of Object.entries(module)) {
      if (!exported.endsWith('Document')) continue;
      const text = document.toString();
      entries.push([createHash('sha256').update(text).digest('hex'), text]);
    }
  }
  return Object.fromEntries(entries);
}

/** Compressed once, here: the gateway sends the files as they are. */
function compress() {
  for (const file of filesBelow(folder)) {
    if (/\.(?:js|css|html|svg|json)$/.test(file))
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: constants.Z_BEST_COMPRESSION }));
  }
}

/** Leaves an earlier console as it is where it cannot be built. */
export async function buildConsole() {
  // An image may hold the built program alone.
  if (!existsSync('src/console')) return;
  await ensureClientGenerated().catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  });
  if (!existsSync('generated/console')) return;
  const made = fingerprint();
  if (isCurrent(made)) return;
  const vite = await loadVite();
  if (!vite) return;
  await vite.build({ configFile: 'src/console/vite.config.ts' });
  compress();
  writeFileSync(join(folder, 'documents.json'), JSON.stringify(await manifest(), null, 1));
  writeFileSync(join(folder, 'fingerprint'), made);
}

if (process.argv[1] === import.meta.filename) await buildConsole();
