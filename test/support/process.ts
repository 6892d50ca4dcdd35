// The gateway as a process of its own, built as it ships: started, asked and killed; none outlives its test file.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import type { GatewayTarget } from './database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const started = new Set<GatewayProcess>();
let program = '';

beforeAll(async () => {
  program = await mkdtemp(join(tmpdir(), 'throughline-program-'));
  await build(program);
});

afterAll(async () => {
  await Promise.all([...started].map((gateway) => gateway.kill()));
  await rm(program, { recursive: true, force: true });
});

process.once('exit', () => {
  for (const gateway of started) gateway.signal('SIGKILL');
});

/** A copy of the program with a build of its own, which no build made meanwhile can change under it. */
async function build(folder: string): Promise<void> {
  for (const part of ['src', 'prisma', 'generated', 'package.json']) {
    await cp(join(root, part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: folder });
}

/** Environment variables of the gateway; none is inherited but what a program needs to be found. */
export type Settings = Readonly<Record<string, string>>;

/** The key that `settingsFor` gives. */
export const adminKey = 'the-admin-key-of-the-tests';

/** A gateway on this database, on any free port, with `adminKey`. */
export function settingsFor({ url, folder }: GatewayTarget): Settings {
  const database = url === undefined ? {} : { DATABASE_URL: url };
  return { ...database, THROUGHLINE_DATA: folder, THROUGHLINE_ADMIN_KEY: adminKey };
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class GatewayProcess {
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Resolves when it has ended and everything it printed was read. */
  readonly exit: Promise<Exit>;
  /** Where it serves, once it says so; rejects if it ends before. */
  readonly url: Promise<string>;

  constructor(settings: Settings) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(
      process.execPath,
      ['--max-semi-space-size=32', '--enable-source-maps', 'dist/main.js'],
      {
        cwd: program,
        env: { PATH, HOME, PORT: '0', ...settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    started.add(this);
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exit = once(this.#child, 'close').then(([code, signal]) => {
      started.delete(this);
      return { code, signal };
    });
    this.url = this.said(/ serves at (\S+);/).then(([, url]) => url!);
    this.url.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when it has printed what matches to standard output; rejects if it ends before. */
  async said(pattern: RegExp): Promise<RegExpMatchArray> {
    const ended = this.exit.then(() => true);
    for (;;) {
      const match = this.stdout.match(pattern);
      if (match) return match;
      if ((await Promise.race([once(this.#child.stdout!, 'data'), ended])) !== true) continue;
      throw new Error(`the gateway ended without printing ${pattern}; it said:\n${this.stderr}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exit;
  }

  /** The orderly end; rejects unless it exits with 0. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const { code, signal } = await this.exit;
    if (code !== 0) throw new Error(`the gateway ended with ${code ?? signal}:\n${this.stderr}`);
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
