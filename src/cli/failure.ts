// A failure of a command as a person and a script see it: a message, what to do next, and an exit code.
import { isTemporary, ThroughlineError } from '../client/errors.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Ends a command. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  /** What to do next. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    {
      exitCode = exitCodes.failed,
      code = 'FAILED',
      hint,
    }: Partial<Pick<Failure, 'exitCode' | 'code' | 'hint'>> = {},
  ) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
    this.hint = hint;
  }
}

export function usageError(message: string, hint?: string): Failure {
  return new Failure(message, { exitCode: exitCodes.usage, code: 'USAGE', hint });
}

export function notFound(message: string, hint?: string): Failure {
  return new Failure(message, { exitCode: exitCodes.notFound, code: 'NOT_FOUND', hint });
}

/** Of whatever a command threw; undefined for what only a stack explains. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof ThroughlineError)
    return new Failure(error.message, {
      code: error.code,
      exitCode: exitCodeOf(error),
      hint: hintOf(error),
    });
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && code !== undefined) return new Failure(message, { code });
  return undefined;
}

function exitCodeOf(error: ThroughlineError): ExitCode {
  if (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN') return exitCodes.denied;
  if (error.code === 'NOT_FOUND' || error.code === 'NO_SUCH_SUBSCRIPTION') return exitCodes.notFound;
  return error.code !== 'INTERNAL_SERVER_ERROR' && isTemporary(error)
    ? exitCodes.unavailable
    : exitCodes.failed;
}

function hintOf({ code, extensions }: ThroughlineError): string | undefined {
  const { scope, line, column, errorId, allowed } = extensions;
  switch (code) {
    case 'UNREACHABLE':
    case 'TIMEOUT':
      return 'Start a gateway with `throughline serve`, or name another one with --url, THROUGHLINE_URL or --profile.';
    case 'UNAUTHENTICATED':
      return 'Give a key with --key or THROUGHLINE_KEY, or store one with `throughline login`.';
    case 'FORBIDDEN':
      return scope
        ? `Use a key with the scope ${String(scope)}; \`throughline keys create\` makes one.`
        : 'Use a key that may do this; `throughline keys create` makes one.';
    case 'INVALID_FILTER':
      return line === undefined
        ? 'docs/guides/filters.md describes filters.'
        : `The fault is in line ${String(line)}, column ${String(column)} of the expression.`;
    case 'INVALID_TRANSITION':
      return Array.isArray(allowed) ? `Allowed: ${allowed.join(', ') || 'nothing'}.` : undefined;
    case 'INTERNAL_SERVER_ERROR':
      return errorId ? `The gateway's log has the details under ${String(errorId)}.` : undefined;
    case 'TOPIC_SCHEMA_MISMATCH':
      return '`throughline topics NAME --json` shows the schema.';
    case 'OVERLOADED':
    case 'RATE_LIMITED':
    case 'DATABASE_UNAVAILABLE':
    case 'SHUTTING_DOWN':
      return 'Try again in a moment.';
    default:
      return undefined;
  }
}
