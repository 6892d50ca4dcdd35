// The CLI as a process, built as it ships, against a gateway of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import type { Backend } from '../support/database.ts';
import {
  adminKey,
  builtProgram,
  type GatewayProcess,
  settingsFor,
  startGateway,
} from '../support/process.ts';
import { Program, type Settings } from '../support/program.ts';

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Settings;
}

export interface CliTests {
  readonly url: string;
  readonly gateway: GatewayProcess;
  /** A folder that is removed after the suite, and where commands run. */
  readonly folder: string;
  readonly client: Client;
  /** Runs a command to its end, with the admin key. */
  run(args: readonly string[], options?: RunOptions): Promise<Result>;
  /** Runs a command, fails unless it ends with 0, and returns the JSON lines that it printed. */
  json<Item>(args: readonly string[], options?: RunOptions): Promise<Item[]>;
  /** Starts a command that goes on. */
  start(args: readonly string[], env?: Settings): Program;
}

export function cliTests(backend: Backend): CliTests {
  let gateway: GatewayProcess;
  let url: string;
  let folder: string;
  let client: Client;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'throughline-cli-'));
    gateway = await startGateway(settingsFor(await backend.target()));
    url = await gateway.url;
    client = createClient({ url, key: adminKey });
  });
  afterAll(async () => {
    await client?.close();
    await gateway?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const settings = (env: Settings = {}): Settings => ({
    THROUGHLINE_URL: url,
    THROUGHLINE_KEY: adminKey,
    XDG_CONFIG_HOME: join(folder, 'config'),
    ...env,
  });
  const run = (args: readonly string[], { input, env }: RunOptions = {}) =>
    runCli(args, { cwd: folder, env: settings(env), ...(input !== undefined && { input }) });
  return {
    get url() {
      return url;
    },
    get gateway() {
      return gateway;
    },
    get folder() {
      return folder;
    },
    get client() {
      return client;
    },
    run,
    json: async <Item>(args: readonly string[], options?: RunOptions) => {
      const { code, stdout, stderr } = await run([...args, '--json'], options);
      if (code !== 0) throw new Error(`throughline ${args.join(' ')} ended with ${code}: ${stderr}`);
      return linesOf(stdout).map((line) => JSON.parse(line) as Item);
    },
    start: (args, env) => new Program(args[0]!, [builtProgram(), ...args], folder, settings(env)),
  };
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** With these environment variables and no others but PATH and HOME. */
export async function runCli(
  args: readonly string[],
  { cwd, env, input }: { readonly cwd: string; readonly env: Settings; readonly input?: string },
): Promise<Result> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [builtProgram(), ...args], { cwd, env: { PATH, HOME, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}
