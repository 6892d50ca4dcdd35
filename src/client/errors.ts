// The errors of the client: each carries a stable code, of the gateway or of the client itself.

/** Codes of the gateway; docs/reference/errors.md says what each means. */
export type GatewayErrorCode =
  | 'BAD_USER_INPUT'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'INVALID_FILTER'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'MISDIRECTED_REQUEST'
  | 'NOT_FOUND'
  | 'NO_SUCH_SUBSCRIPTION'
  | 'DUPLICATE_HASH'
  | 'INVALID_TRANSITION'
  | 'LEASE_LOST'
  | 'HAS_DEPENDENTS'
  | 'LIMIT_EXCEEDED'
  | 'TOPIC_SCHEMA_MISMATCH'
  | 'RATE_LIMITED'
  | 'HANDLER_FAILED'
  | 'SLOW_SUBSCRIBER'
  | 'OVERLOADED'
  | 'DATABASE_UNAVAILABLE'
  | 'STORAGE_FULL'
  | 'SHUTTING_DOWN'
  | 'INTERNAL_SERVER_ERROR';

/** UNREACHABLE: no answer came. TIMEOUT: none came in time. After either, a mutation may or may not have been executed. */
export type ErrorCode = GatewayErrorCode | 'UNREACHABLE' | 'TIMEOUT';

/** A refusal of the gateway, or a failure to reach it. */
export class ThroughlineError extends Error {
  override readonly name = 'ThroughlineError';
  readonly code: ErrorCode;
  /** Further details, as in `extensions` of the GraphQL error. */
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    { extensions = {}, cause }: { extensions?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.extensions = extensions;
  }
}

/** Whether it is an error of the client, with this code if one is given. */
export function isThroughlineError(error: unknown, code?: ErrorCode): error is ThroughlineError {
  return error instanceof ThroughlineError && (code === undefined || error.code === code);
}

const temporary: ReadonlySet<string> = new Set<ErrorCode>([
  'OVERLOADED',
  'RATE_LIMITED',
  'DATABASE_UNAVAILABLE',
  'STORAGE_FULL',
  'SHUTTING_DOWN',
  'SLOW_SUBSCRIBER',
  'INTERNAL_SERVER_ERROR',
  'UNREACHABLE',
  'TIMEOUT',
]);

/** Whether the same request can succeed later. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ThroughlineError && temporary.has(error.code);
}

/** An error as GraphQL responses carry it. */
export interface ResponseError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export function errorOf({ message, extensions = {} }: ResponseError): ThroughlineError {
  const { code = 'INTERNAL_SERVER_ERROR', ...details } = extensions;
  return new ThroughlineError(code as ErrorCode, message, { extensions: details });
}

export function unreachable(what: string, cause?: unknown): ThroughlineError {
  const reason = cause instanceof Error ? messageOf(cause) : '';
  return new ThroughlineError('UNREACHABLE', reason ? `${what} (${reason})` : what, { cause });
}

/** What Node's fetch hides in the cause says more than "fetch failed". */
function messageOf({ message, cause }: Error): string {
  return (cause instanceof Error && cause.message) || message;
}
