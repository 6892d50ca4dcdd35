// A worker as a process of its own: started, listened to, stopped and killed; none outlives its test file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { Exit, Settings } from './process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const started = new Set<WorkerProcess>();

afterAll(() => Promise.all([...started].map((worker) => worker.kill())));

process.once('exit', () => {
  for (const worker of started) worker.signal('SIGKILL');
});

export class WorkerProcess {
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Resolves when it has ended and everything it printed was read. */
  readonly exit: Promise<Exit>;

  /** `program` is a path from the repository's root; what is TypeScript is translated as it is loaded. */
  constructor(program: string, settings: Settings) {
    const { PATH = '', HOME = '' } = process.env;
    const loader = program.endsWith('.ts') ? ['--import', 'tsx'] : [];
    this.#child = spawn(process.execPath, [...loader, program], {
      cwd: root,
      env: { PATH, HOME, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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
  }

  /** Resolves when it has printed what matches to standard output; rejects if it ends before. */
  async said(pattern: RegExp): Promise<RegExpMatchArray> {
    const ended = this.exit.then(() => true);
    for (;;) {
      const match = this.stdout.match(pattern);
      if (match) return match;
      if ((await Promise.race([once(this.#child.stdout!, 'data'), ended])) !== true) continue;
      throw new Error(`the worker ended without printing ${pattern}; it said:\n${this.stdout}${this.stderr}`);
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

  /** The orderly end: how it ended. */
  stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exit;
  }
}
