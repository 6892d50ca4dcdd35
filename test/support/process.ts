// The gateway as a process of its own, built as it ships: started, asked and killed; none outlives its test file.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import type { GatewayTarget } from './database.ts';
import { killPrograms, Program, type Settings } from './program.ts';

export type { Exit, Settings } from './program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let program = '';

beforeAll(async () => {
  program = await mkdtemp(join(tmpdir(), 'throughline-program-'));
  await build(program);
});

afterAll(async () => {
  await killPrograms();
  await rm(program, { recursive: true, force: true });
});

/** A copy of the program with a build of its own, which no build made meanwhile can change under it. */
async function build(folder: string): Promise<void> {
  for (const part of ['src', 'prisma', 'generated', 'package.json', 'tsconfig.json', 'docs/reference']) {
    await cp(join(root, part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: folder });
}

/** The program `throughline`, built. */
export function builtProgram(): string {
  return join(program, 'dist/bin.js');
}

/** The key that `settingsFor` gives. */
export const adminKey = 'the-admin-key-of-the-tests';

/**
 * A gateway on this database, on any free port, with `adminKey`. Its pool is half the usual size, because tests share
 * the server's 100 connections.
 */
export function settingsFor({ url, folder }: GatewayTarget): Settings {
  const database = url === undefined ? {} : { DATABASE_URL: url, THROUGHLINE_DATABASE_POOL: '5' };
  return { ...database, THROUGHLINE_DATA: folder, THROUGHLINE_ADMIN_KEY: adminKey };
}

export class GatewayProcess extends Program {
  /** Where it serves, once it says so; rejects if it ends before. */
  readonly url: Promise<string>;

  /** `output` as of a `Program`; with it the settings name the port, since where it serves cannot be heard. */
  constructor(settings: Settings, output?: number) {
    const args = ['--max-semi-space-size=32', '--enable-source-maps', 'dist/main.js'];
    super('gateway', args, program, { PORT: '0', ...settings }, output);
    this.url =
      output === undefined
        ? this.said(/ serves at (\S+);/).then(([, url]) => url!)
        : this.#serves(`http://127.0.0.1:${settings.PORT}`);
    this.url.catch(() => {});
  }

  /** Resolves when it answers there. */
  async #serves(url: string): Promise<string> {
    let hasEnded = false;
    void this.exit.then(() => (hasEnded = true));
    while (!(await isHealthy(url))) {
      if (hasEnded) throw new Error('the gateway ended before it served');
      await delay(20);
    }
    return url;
  }

  /** The orderly end; rejects unless it exits with 0, and where Node found listeners that nobody removes. */
  async stop(): Promise<void> {
    const { code, signal } = await this.terminate();
    if (this.stderr.includes('MaxListenersExceededWarning'))
      throw new Error(`the gateway leaks listeners:\n${this.stderr}`);
    if (code !== 0) throw new Error(`the gateway ended with ${code ?? signal}:\n${this.stderr}`);
  }
}

/** Whether its health check answers with 200. */
export async function isHealthy(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) });
    return status === 200;
  } catch {
    return false;
  }
}

/** Started, and serving. */
export async function startGateway(settings: Settings): Promise<GatewayProcess> {
  const gateway = new GatewayProcess(settings);
  await gateway.url;
  return gateway;
}

/** How it ended by itself: its exit, and the lines of standard error that are meant for people. */
export async function refusedStart(settings: Settings): Promise<{ code: number | null; lines: string[] }> {
  const gateway = new GatewayProcess(settings);
  // Were it to serve, it would never end by itself.
  const { code } = await gateway.url.then(
    () => gateway.kill(),
    () => gateway.exit,
  );
  expect(code, 'it was to be refused, and served').not.toBeNull();
  return {
    code,
    lines: gateway.stderr.split('\n').filter((line) => line !== ''),
  };
}

interface GraphQLError {
  readonly message: string;
  readonly extensions: { readonly code: string };
}

export interface Answer<Data> {
  readonly status: number;
  readonly data: Data | null;
  readonly errors: readonly GraphQLError[];
}

export interface Asking {
  readonly variables?: object;
  readonly key?: string;
  /** How long an answer may take, in milliseconds; 30,000 unless given. */
  readonly withinMs?: number;
}

/** One GraphQL request over HTTP; rejects where no answer comes. */
export async function ask<Data = Record<string, unknown>>(
  url: string,
  query: string,
  { variables = {}, key = adminKey, withinMs = 30_000 }: Asking = {},
): Promise<Answer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(withinMs),
  });
  const { data = null, errors = [] } = (await response.json()) as Partial<Answer<Data>>;
  return { status: response.status, data, errors };
}
