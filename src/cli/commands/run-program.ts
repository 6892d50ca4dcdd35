// One run of a program by the shell: JSON on its standard input, its output of a bounded length, and an end when it is to end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramRun {
  readonly command: string;
  readonly input: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program and what it started: SIGTERM, and SIGKILL some seconds later. */
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Whether it printed more than is kept. */
  readonly isCut: boolean;
  /** The end of standard error. */
  readonly stderr: string;
}

/** The largest result that a gateway takes, in bytes. */
const mostOutput = 1_048_576;
const keptErrors = 8_192;
const killAfterMs = 5_000;

/** Programs that run. */
const groups = new Set<number>();

/** For an end of this process that waits for nobody. */
export function killPrograms(): void {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
}

/** Its standard error is shown as it comes. Rejects if there is no shell. */
export async function runProgram({ command, input, env, signal }: ProgramRun): Promise<ProgramEnd> {
  const isWindows = process.platform === 'win32';
  const child = spawn(command, {
    shell: true,
    // A group of its own: Ctrl+C at the terminal reaches this process alone, and all that a program started can be ended.
    detached: !isWindows,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const pid = child.pid;
  if (pid === undefined) await closed;
  groups.add(pid!);
  const stdout = new Kept(mostOutput, 'first');
  const stderr = new Kept(keptErrors, 'last');
  child.stdout.on('data', (part: Buffer) => stdout.add(part));
  child.stderr.on('data', (part: Buffer) => {
    stderr.add(part);
    process.stderr.write(part);
  });
  // A program need not read its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    signalGroup(pid!, 'SIGTERM');
    timer = setTimeout(() => signalGroup(pid!, 'SIGKILL'), killAfterMs);
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  try {
    const [code, killedBy] = await closed;
    return { code, signal: killedBy, stdout: stdout.text, isCut: stdout.isCut, stderr: stderr.text };
  } finally {
    signal.removeEventListener('abort', end);
    clearTimeout(timer);
    groups.delete(pid!);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // It has ended.
  }
}

/** The first or the last bytes of an output. */
class Kept {
  readonly #most: number;
  readonly #which: 'first' | 'last';
  #bytes = Buffer.alloc(0);
  isCut = false;

  constructor(most: number, which: 'first' | 'last') {
    this.#most = most;
    this.#which = which;
  }

  add(part: Buffer): void {
    const all = Buffer.concat([this.#bytes, part]);
    this.isCut ||= all.length > this.#most;
    this.#bytes = this.#which === 'first' ? all.subarray(0, this.#most) : all.subarray(-this.#most);
  }

  get text(): string {
    return this.#bytes.toString('utf8');
  }
}
