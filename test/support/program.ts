// A program in a process of its own: listened to, stopped and killed; none outlives its test file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from 'vitest';

const running = new Set<Program>();

afterAll(killPrograms);

/** Resolves when none is left. */
export async function killPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.kill()));
}

process.once('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});

/** Environment variables of the program; none is inherited but what a program needs to be found. */
export type Settings = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  stdout = '';
  stderr = '';
  /** Resolves when it has ended and everything it printed was read. */
  readonly exit: Promise<Exit>;

  /**
   * Node.js, or another `command`, with these arguments. `name` is for messages. `output`: a file descriptor that gets all that it prints; then
   * `stdout` and `stderr` stay empty.
   */
  constructor(
    name: string,
    args: readonly string[],
    cwd: string,
    settings: Settings,
    output?: number,
    command = process.execPath,
  ) {
    const { PATH = '', HOME = '' } = process.env;
    this.#name = name;
    this.#child = spawn(command, args, {
      cwd,
      env: { PATH, HOME, ...settings },
      stdio: ['ignore', output ?? 'pipe', output ?? 'pipe'],
    });
    running.add(this);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exit = once(this.#child, 'close').then(([code, signal]) => {
      running.delete(this);
      return { code, signal };
    });
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
      const said = `${this.stdout}${this.stderr}`;
      throw new Error(`the ${this.#name} ended without printing ${pattern}; it said:\n${said}`);
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

  /** SIGTERM; resolves when it has ended. */
  terminate(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exit;
  }
}
