// Builds the packages below dist, as npm publishes them: `throughline`, the gateway as a program and as a library, and
// `throughline-client`. The programs are bundled; their types are one file per entry point.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { buildConsole } from './build-console.mjs';
import { buildProgram, external } from './build.mjs';

const root = JSON.parse(readFileSync('package.json', 'utf8'));
const { version, license, engines } = root;
const shared = { version, license, type: 'module', engines };

/** Bundled, these read files beside their own or native code. */
const gatewayDependencies = external
  .filter((name) => name in root.dependencies)
  .concat('fs-native-extensions');

/** The version that is installed: what was tested is what users get. */
function pinned(names) {
  const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;
  return Object.fromEntries(names.sort().map((name) => [name, versionOf(name)]));
}

/** One file of types, with those of `included` packages in it. */
async function bundleTypes(input, output, included = []) {
  const compilerOptions = { paths: {}, noEmit: false, incremental: false };
  const bundle = await rollup({
    input,
    plugins: [dts({ tsconfig: 'tsconfig.json', includeExternal: included, compilerOptions })],
    external: (id) => !/^[./]/.test(id) && !included.some((name) => id.startsWith(name)),
    onwarn: (warning, warn) => {
      if (warning.code !== 'UNUSED_EXTERNAL_IMPORT') warn(warning);
    },
  });
  await bundle.write({ file: output });
  await bundle.close();
}

function writePackage(name, folder, manifest) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name, ...manifest }, null, 2)}\n`);
  cpSync('LICENSE', join(folder, 'LICENSE'));
  cpSync(`packages/${name}/README.md`, join(folder, 'README.md'));
}

async function buildGateway(folder) {
  writePackage('throughline', folder, {
    ...shared,
    description: root.description,
    bin: { throughline: 'bin/throughline.js' },
    exports: {
      '.': { types: './dist/gateway.d.ts', default: './dist/gateway.js' },
      './testing': { types: './dist/testing.d.ts', default: './dist/testing.js' },
      './package.json': './package.json',
    },
    files: ['bin', 'dist', 'prisma'],
    dependencies: pinned(gatewayDependencies),
  });
  mkdirSync(join(folder, 'bin'));
  writeFileSync(
    join(folder, 'bin/throughline.js'),
    `#!/usr/bin/env node\n// Starts a gateway with the settings of its environment, or runs a command.\nimport '../dist/bin.js';\n`,
    { mode: 0o755 },
  );
  const isProgram = (path) => !['throughline', 'throughline-client', 'fingerprint'].includes(basename(path));
  for (const part of [
    'chunks',
    'console',
    'database',
    'graphql',
    'bin.js',
    'bin.js.map',
    'main.js',
    'main.js.map',
    'gateway.js',
    'gateway.js.map',
    'testing.js',
    'testing.js.map',
  ])
    if (existsSync(`dist/${part}`))
      cpSync(`dist/${part}`, join(folder, 'dist', part), { recursive: true, filter: isProgram });
  cpSync('prisma/migrations', join(folder, 'prisma/migrations'), { recursive: true });
  const included = ['@prisma/client', '@prisma/client-runtime-utils'];
  for (const name of ['gateway', 'testing'])
    await bundleTypes(`src/${name}.ts`, join(folder, `dist/${name}.d.ts`), included);
}

async function buildClient(folder) {
  const entries = {
    client: 'src/client/client.ts',
    react: 'src/client/react.ts',
    testing: 'src/client/testing.ts',
  };
  writePackage('throughline-client', folder, {
    ...shared,
    description: 'The client of Throughline gateways: sends, watches, consumes and works.',
    sideEffects: false,
    exports: {
      '.': { types: './dist/client.d.ts', default: './dist/client.js' },
      './react': { types: './dist/react.d.ts', default: './dist/react.js' },
      './testing': { types: './dist/testing.d.ts', default: './dist/testing.js' },
      './package.json': './package.json',
    },
    files: ['dist'],
    dependencies: pinned(['graphql-ws']),
    peerDependencies: { react: '>=18', throughline: version },
    peerDependenciesMeta: { react: { optional: true }, throughline: { optional: true } },
  });
  await build({
    entryPoints: entries,
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    chunkNames: '[name]-[hash]',
    external: ['graphql-ws', 'react', 'throughline'],
    platform: 'neutral',
    target: 'es2022',
    format: 'esm',
    sourcemap: true,
  });
  for (const [name, input] of Object.entries(entries))
    await bundleTypes(input, join(folder, `dist/${name}.d.ts`), ['@graphql-typed-document-node/core']);
}

await buildProgram();
await buildConsole();
await buildGateway('dist/throughline');
await buildClient('dist/throughline-client');
