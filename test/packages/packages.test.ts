// The packages as users get them: packed, installed into an empty project, compiled, bundled and run.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build as bundle } from 'esbuild';
import { build as viteBuild } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Program } from '../support/program.ts';

const run = promisify(execFile);
const adminKey = 'the-admin-key-of-the-packages';
let project: string;
let gateway: Program;
let url: string;

/** The programs of a package's README. */
async function programsOf(name: string): Promise<string[]> {
  const readme = await readFile(join(project, 'node_modules', name, 'README.md'), 'utf8');
  return [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, program]) => program!);
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'throughline-project-'));
  await run(process.execPath, ['scripts/build-packages.mjs']);
  const folders = ['throughline', 'throughline-client'].map((name) => resolve('dist', name));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project, ...folders]);
  const packed = JSON.parse(stdout) as { filename: string }[];
  await writeFile(join(project, 'package.json'), '{"name": "project", "private": true, "type": "module"}');
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline'];
  const tarballs = packed.map(({ filename }) => `./${filename}`);
  await run('npm', ['install', ...quiet, ...tarballs], { cwd: project });
  for (const name of [
    '@types/node',
    'undici-types',
    '@types/react',
    'csstype',
    'react',
    'react-dom',
    'scheduler',
  ])
    await cp(`node_modules/${name}`, join(project, 'node_modules', name), { recursive: true });
  gateway = new Program('gateway', ['node_modules/throughline/bin/throughline.js'], project, {
    PORT: '0',
    THROUGHLINE_ADMIN_KEY: adminKey,
    THROUGHLINE_DATA: join(project, 'data'),
  });
  [, url] = (await gateway.said(/ serves at (\S+);/)) as unknown as [string, string];
  const programs = [...(await programsOf('throughline')), ...(await programsOf('throughline-client'))];
  await mkdir(join(project, 'src'));
  for (const [n, program] of programs.entries())
    await writeFile(join(project, `src/program-${n}.ts`), program.replace('http://127.0.0.1:4000', url));
}, 300_000);

afterAll(async () => {
  await gateway?.terminate();
  await rm(project, { recursive: true, force: true });
});

describe('The packed packages', () => {
  test.for([
    ['NodeNext', 'NodeNext'],
    ['ESNext', 'Bundler'],
  ] as const)(
    'compile in a strict project with module %s and resolution %s',
    async ([module, moduleResolution]) => {
      const uses = `import { useEvent } from 'throughline-client/react';
      import { createTestGateway } from 'throughline-client/testing';
      export const started = createTestGateway({ handlers: [] }).then(({ client }) => client.send('a.b', {}));
      export const status: (id: string) => string | undefined = (id) => useEvent(id).data?.status;`;
      await writeFile(join(project, 'src/react.ts'), uses);
      const compilerOptions = {
        ...{ module, moduleResolution, target: 'ES2022', strict: true, noUncheckedIndexedAccess: true },
        ...{
          exactOptionalPropertyTypes: true,
          outDir: `built-${module}`,
          types: ['node'],
          lib: ['ES2023', 'DOM'],
        },
      };
      await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
      const { stdout } = await run(resolve('node_modules/.bin/tsc'), ['-p', project]).catch(
        (failure: { stdout: string }) => failure,
      );
      expect(stdout).toBe('');
    },
  );

  test('run the programs of their READMEs', async () => {
    const start = (n: number) =>
      new Program(`program ${n}`, [`built-NodeNext/program-${n}.js`], project, { THROUGHLINE_KEY: adminKey });
    const library = start(0);
    await library.said(/Serves at http/);
    expect(await library.exit).toMatchObject({ code: 0 });
    const sender = start(1);
    await sender.said(/[0-9a-f-]{36} /);
    expect(await sender.exit).toMatchObject({ code: 0 });
    const worker = start(2);
    const watcher = start(3);
    await watcher.said(/order\.paid FINISHED/);
    expect(await watcher.exit).toMatchObject({ code: 0 });
    await finishedJob();
    expect(await worker.terminate()).toEqual({ code: 0, signal: null });
  });

  test('run tests of users on gateways of their own', async () => {
    const tests = `import { test } from 'node:test';
      import assert from 'node:assert/strict';
      import { createTestGateway } from 'throughline-client/testing';
      for (const n of [1, 2]) test('an order is invoiced', async () => {
        const gateway = await createTestGateway();
        const worker = gateway.client.worker({ source: 'order.paid', target: 'invoice.write' }, () => ({ n }));
        await gateway.client.send('order.paid', {}, { sendAt: new Date(Date.now() + 3_600_000).toISOString() });
        await gateway.advance(3_600_000);
        const { result } = await gateway.waitFor({ topic: 'invoice.write', status: 'FINISHED' });
        assert.deepEqual(result, { n });
        await worker.stop();
        await gateway.stop();
      });`;
    await writeFile(join(project, 'orders.test.js'), tests);
    const { stdout } = await run(process.execPath, ['--test', 'orders.test.js'], { cwd: project });
    expect(stdout).toMatch(/pass 2\n/);
  });

  test('run the CLI', async () => {
    const env = { ...process.env, THROUGHLINE_URL: url, THROUGHLINE_KEY: adminKey };
    const throughline = async (...args: string[]) =>
      (await run('npx', ['--no-install', 'throughline', ...args], { cwd: project, env })).stdout;
    const id = (await throughline('send', 'cart.filled', '{"items": 2}', '--request', 'cart-1')).split(
      ' ',
    )[0];
    const line = await throughline('tail', 'cart.*', '--after', '0', '--limit', '1', '--json');
    expect(JSON.parse(line)).toMatchObject({ event: { id, payload: { items: 2 } } });
    expect(await throughline('chain', 'cart-1')).toContain('cart.filled');
    expect(await throughline('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    await mkdir(join(project, 'topics'));
    const topic = { payloadSchema: { type: 'object', properties: { items: { type: 'integer' } } } };
    await writeFile(join(project, 'topics/cart.filled.json'), JSON.stringify(topic));
    expect(await throughline('codegen', '--from', 'topics')).toContain('items?: number');
  });

  test('are bundled for browsers by Vite', async () => {
    const page = `import { createClient } from 'throughline-client';
      import { useLive } from 'throughline-client/react';
      console.log(createClient({ url: location.origin }), useLive);`;
    await writeFile(join(project, 'index.html'), '<script type="module" src="/page.ts"></script>');
    await writeFile(join(project, 'page.ts'), page);
    const warnings: string[] = [];
    await viteBuild({
      root: project,
      configFile: false,
      logLevel: 'warn',
      customLogger: {
        ...{ info: () => {}, clearScreen: () => {}, hasErrorLogged: () => false, hasWarned: false },
        warn: (text) => void warnings.push(text),
        warnOnce: (text) => void warnings.push(text),
        error: (text) => void warnings.push(text),
      },
    });
    expect(warnings).toEqual([]);
  });

  test('the client has at most 15 KB, gzipped, with what it depends on', async () => {
    const { outputFiles } = await bundle({
      stdin: { contents: "export * from 'throughline-client'", resolveDir: project },
      ...{ bundle: true, minify: true, format: 'esm', write: false, outdir: project },
    });
    expect(gzipSync(outputFiles[0]!.contents).length).toBeLessThan(15_000);
  });
});

/** Resolves when the worker has finished its job. */
async function finishedJob(): Promise<void> {
  const query = '{ events(filter: {topics: ["invoice.write"], statuses: [FINISHED]}) { nodes { id } } }';
  for (;;) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
      body: JSON.stringify({ query }),
    });
    const { data } = (await response.json()) as { data: { events: { nodes: unknown[] } } };
    if (data.events.nodes.length > 0) return;
    await new Promise((wait) => setTimeout(wait, 50));
  }
}
