// Turns src/*.ts into dist/*.js, file by file: fast enough to run before every start, so that dist is never stale.
import { readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
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
      // Imports name the sources; what runs are their translations.
      name: 'import-js',
      setup: ({ onLoad }) => onLoad({ filter: /\.ts$/ }, ({ path }) => translate(path)),
    },
  ],
});

async function translate(path) {
  const text = await readFile(path, 'utf8');
  return { contents: text.replace(/((?:from|import)\s*\(?\s*')(\.[^']+)\.ts'/g, "$1$2.js'"), loader: 'ts' };
}
