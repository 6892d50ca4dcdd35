// Installations without development dependencies: they do not fail, and a start runs what is built or says what to run.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

/** A checkout without node_modules, with these further files. */
function checkout(files: Readonly<Record<string, string>>): (script: string) => ReturnType<typeof run> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-checkout-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['scripts', 'package.json', 'package-lock.json', 'prisma'])
    cpSync(part, join(folder, part), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return (script) => run(folder, script);
}

function run(cwd: string, script: string): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [join('scripts', script)], { cwd, encoding: 'utf8' });
}

const sources = { 'src/main.ts': '' };
const built = { 'dist/main.js': '' };
const line =
  'Throughline is not built, and its build needs the development dependencies: run `npm ci --include=dev`, or copy dist from where it was built.\n';

describe('Without the development dependencies', () => {
  test('an installation succeeds, and says what is missing', () => {
    expect(checkout(sources)('prepare.mjs')).toMatchObject({ status: 0, stderr: line });
  });

  test('a start of what is not built is refused with one line that says what to run', () => {
    expect(checkout(sources)('build.mjs')).toMatchObject({ status: 1, stderr: line });
  });

  test('a start of what is built goes on, with the sources or without', () => {
    expect(checkout({ ...sources, ...built })('build.mjs')).toMatchObject({ status: 0, stderr: '' });
    expect(checkout(built)('build.mjs')).toMatchObject({ status: 0, stderr: '' });
  });

  test('an installation of what is built succeeds, too', () => {
    expect(checkout({ ...sources, ...built })('prepare.mjs')).toMatchObject({ status: 0 });
  });
});
