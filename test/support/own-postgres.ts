// A Postgres server of the test's own, in a folder and on a port of its own, which the test may crash and start again.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onServer, urlOf } from './postgres-server.ts';

const run = promisify(execFile);

/** Where Postgres keeps `initdb` and `postgres`; null where it is not installed. */
export const serverPrograms = findPrograms();

export const noProgramsHint = 'skipped: needs initdb and postgres, as the package postgresql has them';

function findPrograms(): string | null {
  const candidates = [configuredPrograms(), ...debianPrograms()];
  return candidates.find((folder) => folder !== null && existsSync(join(folder, 'initdb'))) ?? null;
}

function configuredPrograms(): string | null {
  try {
    return execFileSync('pg_config', ['--bindir'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return null;
  }
}

function debianPrograms(): string[] {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return [];
  return readdirSync(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, 'bin'));
}

/** Postgres refuses to run as root; then it runs as the user that its package made. */
async function serverUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const idOf = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export class OwnPostgres {
  readonly #folder: string;
  readonly #port: number;
  readonly #user: { uid?: number; gid?: number };
  #postmaster: ChildProcess | undefined;
  #said = '';

  private constructor(folder: string, port: number, user: { uid?: number; gid?: number }) {
    this.#folder = folder;
    this.#port = port;
    this.#user = user;
    process.once('exit', () => this.#postmaster?.kill('SIGKILL'));
  }

  /** A new server, running. */
  static async create(): Promise<OwnPostgres> {
    const user = await serverUser();
    const folder = await mkdtemp(join(tmpdir(), 'throughline-postgres-'));
    if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
    const server = new OwnPostgres(folder, await freePort(), user);
    const cluster = ['-D', join(folder, 'data'), '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
    await run(join(serverPrograms!, 'initdb'), [...cluster, '--no-sync'], {
      ...user,
      cwd: folder,
    });
    await server.start();
    return server;
  }

  /** Of its database `postgres`. */
  get url(): string {
    return `postgres://tester@127.0.0.1:${this.#port}/postgres`;
  }

  async createDatabase(name: string): Promise<string> {
    await onServer(this.url, `CREATE DATABASE "${name}"`);
    return urlOf(this.url, name);
  }

  /** Resolves when it takes statements, with what a crash left recovered. */
  async start(): Promise<void> {
    for (;;) {
      const postmaster = this.#launch();
      if (await this.#answers(postmaster)) return;
      // The memory of a server that was killed is in use until the last of its processes is gone.
      if (!this.#said.includes('shared memory')) throw new Error(`Postgres did not start:\n${this.#said}`);
    }
  }

  /** The postmaster and all its processes at once, as a machine that loses its power would end them. */
  async crash(): Promise<void> {
    const postmaster = this.#postmaster!;
    const ended = once(postmaster, 'exit');
    // Stopped first, so that it neither tidies up after its children nor starts others.
    postmaster.kill('SIGSTOP');
    const children = await childrenOf(postmaster.pid!);
    postmaster.kill('SIGKILL');
    for (const child of children) killIfThere(child);
    await ended;
    this.#postmaster = undefined;
  }

  async remove(): Promise<void> {
    if (this.#postmaster) await this.crash();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #launch(): ChildProcess {
    const data = join(this.#folder, 'data');
    const settings = [`unix_socket_directories=${this.#folder}`, 'listen_addresses=127.0.0.1', 'fsync=on'];
    const flags = ['-D', data, '-p', String(this.#port), ...settings.flatMap((setting) => ['-c', setting])];
    const stdio = ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'];
    const cwd = this.#folder;
    const postmaster = spawn(join(serverPrograms!, 'postgres'), flags, {
      ...this.#user,
      cwd,
      stdio,
    });
    this.#said = '';
    postmaster.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#postmaster = postmaster;
    return postmaster;
  }

  /** False if the server ends instead. */
  async #answers(postmaster: ChildProcess): Promise<boolean> {
    const ended = once(postmaster, 'close');
    while (postmaster.exitCode === null && postmaster.signalCode === null) {
      const answered = await onServer(this.url, 'SELECT 1').catch(() => null);
      if (answered) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await ended;
    return false;
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  // It exits with 1 where there are none.
  const { stdout } = await run('pgrep', ['-P', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.split('\n').filter(Boolean).map(Number);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
