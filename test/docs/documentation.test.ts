// Holds the documentation: every code block runs or compiles, every link resolves, and what repeats the code is true.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { variables } from '../../src/cli/settings/variables.ts';
import { defaults, readConfig } from '../../src/config.ts';
import { anchorsOf, linksOf } from './blocks.ts';
import { type DocumentedGateway, startFor } from './documented-gateway.ts';
import { type Page, pages } from './pages.ts';

/** Languages whose blocks are no code of ours: pictures, and configuration of other programs. */
const shown = new Set(['text', 'ini', 'nginx', 'dockerfile', 'sql']);
const run = new Set(['sh', 'graphql', 'json']);

describe('The README', () => {
  it('has at most 150 lines, and says how long the tests take', () => {
    const { markdown } = pages.find(({ path }) => path === 'README.md')!;
    expect(markdown.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
    expect(markdown).toMatch(/npm test\s.*minutes/);
  });
});

const runnableOf = ({ blocks }: Page) =>
  blocks.filter(({ language, skip }) => run.has(language) && skip === undefined);

describe.each(pages.filter((page) => runnableOf(page).length > 0))('$path', (page) => {
  const runnable = runnableOf(page);
  let gateway: DocumentedGateway | undefined;
  beforeAll(async () => {
    gateway = await startFor(page);
  });
  afterAll(() => gateway?.stop());

  for (const block of runnable)
    test(`the ${block.language} in line ${block.line} works`, () => gateway?.run(block));
});

describe('The code blocks of the documentation', () => {
  it('are of known languages, and one that is not run says why', () => {
    const blocks = pages.flatMap((page) => page.blocks);
    const unknown = blocks.filter(
      ({ language }) => !run.has(language) && !shown.has(language) && language !== 'ts',
    );
    expect(unknown.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
    for (const { skip, page, line } of blocks)
      if (skip !== undefined) expect(skip.length, `${page}:${line}`).toBeGreaterThan(20);
  });

  it('in TypeScript compile', () => {
    expect(
      faultsOf(pages.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'ts'))),
    ).toEqual([]);
  });

  it('name only settings that exist', () => {
    const known = settingNames();
    const named = pages.flatMap(({ markdown }) => markdown.match(/\bTHROUGHLINE_[A-Z_]+\b/g) ?? []);
    const ofCli = Object.keys(variables);
    expect([...new Set(named)].filter((name) => !known.includes(name) && !ofCli.includes(name))).toEqual([]);
  });
});

describe('The links of the documentation', () => {
  it.each(pages)('in $path lead to files and headings that exist', ({ path, markdown }) => {
    const broken = linksOf(markdown).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(pages)('and the paths of the repository that $path names exist', ({ markdown }) => {
    expect(pathsIn(markdown).filter((path) => !exists(path))).toEqual([]);
  });

  it('reach every page from the README', () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path) || !path.endsWith('.md')) return;
      reached.add(path);
      const markdown = pages.find((page) => page.path === path)?.markdown ?? '';
      for (const link of linksOf(markdown)) visit(join(dirname(path), link.split('#')[0]!));
    };
    visit('README.md');
    expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });
});

describe('docs/reference/settings.md', () => {
  const { markdown } = pages.find(({ path }) => path === 'docs/reference/settings.md')!;
  const rows = new Map(
    [...markdown.matchAll(/^\| `([A-Z_]+)` \| .* \| (.*) \|$/gm)].map(([, name, value]) => [name!, value!]),
  );

  it('lists every setting, and no other', () => {
    expect([...rows.keys()].sort()).toEqual([...settingNames()].sort());
  });

  it('tells the defaults', () => {
    expect(Object.fromEntries(rows)).toMatchObject({
      PORT: String(defaults.port),
      HOST: defaults.host,
      DATABASE_URL: defaults.databaseUrl ?? 'none',
      THROUGHLINE_DATABASE_POOL: String(defaults.databasePool),
      THROUGHLINE_DATA: `\`${defaults.dataFolder}\``,
      THROUGHLINE_ADMIN_KEY: defaults.adminKey ?? 'none',
      THROUGHLINE_LOG_LEVEL: defaults.logLevel,
      THROUGHLINE_APP: defaults.appFolder ?? 'none',
      THROUGHLINE_HANDLER_TIMEOUT_MS: String(defaults.handlerTimeoutMs),
      THROUGHLINE_MAX_BODY_BYTES: String(defaults.maxBodyBytes),
      THROUGHLINE_MAX_CONNECTIONS: String(defaults.maxConnections),
      THROUGHLINE_MAX_CONNECTIONS_PER_ADDRESS: String(defaults.maxConnectionsPerAddress),
    });
  });
});

/** In prose and pictures; what other blocks name may be a file of the reader's own. */
function pathsIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/^ *```(?!text)\w[^]*?^ *```$/gm, '');
  return prose.match(/(?<![\w@/.-])(src|test|docs|prisma|scripts|bench|examples)\/[\w*/.-]*[\w*/]/g) ?? [];
}

/** A star stands for any part of a file's name. */
function exists(path: string): boolean {
  if (!path.includes('*')) return existsSync(path);
  const name = new RegExp(`^${basename(path).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return existsSync(dirname(path)) && readdirSync(dirname(path)).some((file) => name.test(file));
}

/** The variables that the program reads. */
function settingNames(): string[] {
  const names = new Set<string>();
  const recording = new Proxy<Record<string, string>>(
    {},
    {
      get: (_target, name) => {
        names.add(String(name));
        return undefined;
      },
    },
  );
  readConfig(recording);
  return [...names];
}

/** What the compiler says of the blocks, each a module of its own, with the project's own options. */
function faultsOf(blocks: readonly { page: string; line: number; text: string }[]): string[] {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, process.cwd());
  const files = new Map(
    blocks.map((block, n) => [join(process.cwd(), 'test', 'docs', `block-${n}.ts`), block]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => {
    const block = files.get(file);
    return block ? `${block.text}\nexport {};\n` : readFile(file);
  };
  const { tsBuildInfoFile: _none, ...once } = options;
  // What an application imports is the library.
  once.paths = {
    throughline: ['./src/gateway.ts'],
    'throughline-client': ['./src/client/client.ts'],
    'throughline-client/react': ['./src/client/react.ts'],
    'throughline-client/testing': ['./src/client/testing.ts'],
    'throughline/testing': ['./src/testing.ts'],
  };
  const program = ts.createProgram([...files.keys()], { ...once, incremental: false }, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || files.has(file.fileName))
    .map(({ file, messageText }) => {
      const block = file && files.get(file.fileName);
      return `${block?.page}:${block?.line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}
