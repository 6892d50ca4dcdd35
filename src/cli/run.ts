// One run of the CLI: reads the command line, executes the command, reports a failure, and ends the process with its exit code.
import { CommanderError } from '@commander-js/extra-typings';
import { flushed } from '../base/bounded-output.ts';
import { exitCodes } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { failureOf } from './failure.ts';
import { safeJson, printable } from './output/printable.ts';
import { hasColours, painter } from './output/colours.ts';
import { version } from '../version.ts';
import type { RunCommand } from './definitions/parent.ts';
import { createProgram } from './program.ts';
import { type GlobalOptions, Session } from './session.ts';

export async function run(argv: readonly string[]): Promise<void> {
  endWithReader();
  let options: GlobalOptions = { color: true };
  const runCommand: RunCommand = async (command) => {
    options = program.opts();
    const session = new Session(options);
    try {
      await command(session);
    } finally {
      await session.close();
    }
  };
  const program = createProgram({ version, run: runCommand });
  try {
    await program.parseAsync(argv);
    await end(process.exitCode === undefined ? exitCodes.ok : Number(process.exitCode));
  } catch (error) {
    // Commander has printed what it has to say.
    if (error instanceof CommanderError) await end(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage);
    await end(report(error, options));
  }
}

/** Prints a failure to standard error, as JSON with `--json`, and returns the exit code. */
function report(error: unknown, { json, color }: GlobalOptions): number {
  const failure = failureOf(error);
  if (failure === undefined) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`throughline: ${text}\n`);
    return exitCodes.failed;
  }
  const { message, code, hint, exitCode } = failure;
  if (message === '') return exitCode;
  if (json) process.stderr.write(`${safeJson({ error: { code, message, ...(hint && { hint }) } })}\n`);
  else process.stderr.write(textOf(failure, color));
  return exitCode;
}

function textOf({ message, code, hint }: Failure, isAllowed: boolean): string {
  const paint = painter(hasColours(process.stderr, process.env, isAllowed));
  const isNamed = /^[A-Z_]+$/.test(code) && code !== 'FAILED' && code !== 'USAGE';
  const first = `${paint('red', 'throughline:')} ${printable(message)}${isNamed ? ` (${code})` : ''}\n`;
  return hint === undefined ? first : `${first}${printable(hint)}\n`;
}

/** A reader that has seen enough, such as `head`, ends the command without an error. */
function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed);
    });
}

async function end(code: number): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}
