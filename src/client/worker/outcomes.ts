// What a handler may throw to decide about retries.

/** The job is tried again after `ms` milliseconds (1,000 to 3,600,000) in place of its back-off; this counts as a retry. */
export class RetryLater extends Error {
  override readonly name: string = 'RetryLater';
  readonly ms: number;

  constructor(ms: number, message = `To be tried again in ${ms} ms.`, options?: ErrorOptions) {
    super(message, options);
    this.ms = ms;
  }
}

/** Another attempt would fail as well: the job stays FAILED, whatever retries are left. */
export class Fatal extends Error {
  override readonly name: string = 'Fatal';
  /** Stored with the error of the job. */
  readonly code: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options);
    this.code = options.code;
  }
}

/** An error as an event stores it: with its code and stack, and those of its causes. */
export function describeError(error: unknown): { message: string; code?: string; stack?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, code } = error as Error & { code?: unknown };
  const stack = stackOf(error);
  return {
    message: message || error.name,
    ...(['string', 'number'].includes(typeof code) && { code: String(code) }),
    ...(stack && { stack }),
  };
}

function stackOf(error: Error, depth = 0): string {
  const { stack = '', cause } = error;
  return cause instanceof Error && depth < 5 ? `${stack}\nCaused by: ${stackOf(cause, depth + 1)}` : stack;
}
