// The exit codes of the CLI. docs/reference/cli.md is printed from them.

export const exitCodes = {
  /** Everything was done. Also: the reader of a pipe went away. */
  ok: 0,
  /** The gateway refused, or something unexpected happened. */
  failed: 1,
  /** The command line is wrong: an unknown option, a missing argument, a value that cannot be read. */
  usage: 2,
  /** The gateway cannot be reached, or is busy. The same command can succeed later. */
  unavailable: 3,
  /** The key is missing, not valid, or may not do this. */
  denied: 4,
  /** There is no such event, request, consumer, key or trigger. */
  notFound: 5,
  /** A part failed: events that were refused, problems that `doctor` found, breaking changes of `schema diff`. */
  incomplete: 6,
  /** Interrupted with Ctrl+C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
