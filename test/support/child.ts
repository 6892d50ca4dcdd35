// A program of the tests in a process of its own, spoken with line by line, that can be killed at any moment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** `program` is a TypeScript file's path from the repository's root; `wrapper` a command that runs it. */
  constructor(program: string, args: readonly string[] = [], wrapper: readonly string[] = []) {
    const [command = '', ...more] = [...wrapper, process.execPath, '--import', 'tsx', program, ...args];
    this.#process = spawn(command, more, {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#process.pid!;
  }

  tell(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  /** The next line that it prints; fails if it ends before. */
  async hear(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the program ended without another line');
    return value;
  }

  async ask(line: string): Promise<string> {
    this.tell(line);
    return this.hear();
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
