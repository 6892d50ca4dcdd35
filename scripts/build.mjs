// Turns src/*.ts into dist/*.js, file by file, where a source is newer: quick enough to run before every start.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** Folders count too: what was taken out of one changes its time. */
function isCurrent() {
  if (!existsSync('dist/main.js')) return false;
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const all = ['.', ...folders.map(({ name }) => name), ...sources].map((file) => join('src', file));
  const newest = Math.max(...all.map((file) => statSync(file).mtimeMs));
  return statSync('dist/main.js').mtimeMs > newest;
}

async function translate(path) {
  // Imports name the sources; what runs are their translations.
  const text = await readFile(path, 'utf8');
  return { contents: text.replace(/((?:from|import)\s*\(?\s*')(\.[^']+)\.ts'/g, "$1$2.js'"), loader: 'ts' };
}

if (!isCurrent()) {
  const { build } = await import('esbuild');
  rmSync('dist', { recursive: true, force: true });
  await build({
    entryPoints: sources.map((file) => join('src', file)),
    outdir: 'dist',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    plugins: [
      {
        name: 'import-js',
        setup: ({ onLoad }) => onLoad({ filter: /\.ts$/ }, ({ path }) => translate(path)),
      },
    ],
  });
}
