// The servers that are measured, each a process of its own that says where it serves and ends with the bench.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const key = 'the-admin-key-of-the-bench';
const running = new Set<ChildProcess>();

process.once('exit', killServers);

/** Those that a scenario has left when it failed. */
export function killServers(): void {
  for (const child of running) child.kill('SIGKILL');
}

export interface Server {
  readonly url: string;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** A gateway as it is shipped and started, with a key and its limits; out of this checkout or another one. */
export function startGateway(
  settings: Readonly<Record<string, string>>,
  flags: string[] = [],
  checkout = root,
): Promise<Server> {
  const profiling = process.env.BENCH_PROFILE
    ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`]
    : [];
  const args = ['--max-semi-space-size=32', '--enable-source-maps', ...profiling, ...flags, 'dist/main.js'];
  const environment = { PORT: '0', THROUGHLINE_ADMIN_KEY: key, THROUGHLINE_LOG_LEVEL: 'error', ...settings };
  return start(args, environment, checkout);
}

/** One of the servers in `servers/`. */
export function startServer(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  return start([`bench/servers/${name}.mjs`], settings);
}

async function start(
  args: string[],
  settings: Readonly<Record<string, string>>,
  cwd = root,
): Promise<Server> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH, HOME, NODE_ENV: 'production', NODE_NO_WARNINGS: '1', ...settings },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
      const [, found] = /serves at (http\S+?)[;\s]/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`${args.at(-1)} ended with ${code}: ${said}`)));
  });
  return {
    url,
    child,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
