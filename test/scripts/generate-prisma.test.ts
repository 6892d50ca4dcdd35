// Prisma Client and the types for Pothos are generated from the schema, without the network.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import clientPackage from '@prisma/client/package.json' with { type: 'json' };
import ownPackage from '../../package.json' with { type: 'json' };

/** Ends the process that opens a connection; the generator that is a process of its own inherits it. */
const refuseConnections = `--import="data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; net.Socket.prototype.connect = () => { throw new Error('no network here'); };",
)}"`;

/** Without the documents of the client and the console, which another script generates. */
async function filesOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'fingerprint');
  const texts = await Promise.all(
    files.map(async (file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(folder.length), await readFile(path, 'utf8')] as const;
    }),
  );
  return new Map(texts.filter(([path]) => !/^.(?:client|console)./.test(path)).sort());
}

test('generation from scratch needs no network and gives what the program is compiled with', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-generated-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const program = `import { generate } from './scripts/generate-prisma.mjs'; await generate(${JSON.stringify(folder)});`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, NODE_OPTIONS: refuseConnections },
  });
  const made = await filesOf(folder);
  expect([...made.keys()]).toEqual(
    expect.arrayContaining(['/pothos.ts', '/prisma/client.ts', '/prisma/models/Event.ts']),
  );
  expect(made).toEqual(await filesOf('generated'));
});

test('the parts of Prisma are pinned to one version', () => {
  const { dependencies, devDependencies } = ownPackage;
  const pinned = {
    ...dependencies,
    ...devDependencies,
  } as Readonly<Record<string, string>>;
  const versions = Object.entries(pinned).filter(([name]) => name.startsWith('@prisma/'));
  expect(versions.length).toBeGreaterThan(3);
  for (const [name, version] of versions) expect(`${name}@${version}`).toContain(`@${clientPackage.version}`);
});
