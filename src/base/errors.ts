// The errors that callers can receive: a catalogue of stable codes, and the class that carries one.

interface ErrorKind {
  /** The HTTP status if the whole request fails with this error before execution. */
  readonly status: number;
  /** What happened. */
  readonly meaning: string;
  /** What the caller should do. */
  readonly remedy: string;
}

/** Codes appear as `extensions.code`. They are public: never renamed or reused. */
export const errorCatalogue = {
  BAD_USER_INPUT: {
    status: 400,
    meaning: 'An argument is malformed or out of its range.',
    remedy: 'Correct the argument; the message says what is allowed.',
  },
  GRAPHQL_PARSE_FAILED: {
    status: 400,
    meaning: 'The document is not GraphQL.',
    remedy: 'Correct the syntax at the location given.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    status: 400,
    meaning: 'The document does not fit the schema.',
    remedy: 'Correct the field, argument or type at the location given.',
  },
  INVALID_FILTER: {
    status: 400,
    meaning:
      'A condition of a filter uses an unknown key or an unsuitable value, or a CEL expression is invalid.',
    remedy:
      'Correct the condition named in `extensions.key`, or the CEL at `extensions.line` and `extensions.column`; the message says what is allowed.',
  },
  PERSISTED_QUERY_NOT_FOUND: {
    status: 200,
    meaning:
      'The request names a document by its hash alone, and the gateway has no document with that hash.',
    remedy:
      'Send the document in `query`; clients with automatic persisted queries do so by themselves. Where only trusted documents run, add it to the manifest.',
  },
  UNAUTHENTICATED: {
    status: 401,
    meaning: 'The request has no valid key, or a webhook delivery has no valid signature.',
    remedy:
      'Send `Authorization: Bearer KEY` or `X-Api-Key: KEY`; on a WebSocket `authorization` in the connection parameters.',
  },
  FORBIDDEN: {
    status: 403,
    meaning:
      'The caller may not do this: its key lacks a scope, its document is not a trusted one, or its page is of an origin that is not allowed.',
    remedy:
      'Use a key with the scope that `extensions.scope` names, or a trusted document; of a page, name its origin in `THROUGHLINE_CORS_ORIGINS`.',
  },
  MISDIRECTED_REQUEST: {
    status: 421,
    meaning: 'The request was sent to a host name that the gateway does not go by.',
    remedy: 'Use a loopback name such as `localhost`, or name the host in `THROUGHLINE_ALLOWED_HOSTS`.',
  },
  NOT_FOUND: {
    status: 404,
    meaning: 'Nothing has that id.',
    remedy: 'Check the id; the object may have been deleted.',
  },
  NO_SUCH_SUBSCRIPTION: {
    status: 404,
    meaning: 'There is no durable subscription with that id: it was removed, or it expired.',
    remedy: 'Subscribe again, with `after` set to the position of the last event that was handled.',
  },
  DUPLICATE_HASH: {
    status: 409,
    meaning:
      'An event with that hash exists and `onDuplicate` is FAIL; or it is outside of the rows of the key, whatever `onDuplicate` is.',
    remedy:
      'Use the event named in `extensions.eventId`, or send with RETURN or REPLACE. If none is named, use another hash.',
  },
  INVALID_TRANSITION: {
    status: 409,
    meaning: 'The event’s status does not allow the requested change.',
    remedy: 'Choose one of `extensions.allowed`.',
  },
  LEASE_LOST: {
    status: 409,
    meaning: 'The attempt no longer holds the lease of the job; nothing was changed.',
    remedy:
      'Stop working on the job: it was claimed again or has ended, see `extensions.status`. A key with only `jobs:work` gets no status, and gets this error also for events that were not assigned to it.',
  },
  HAS_DEPENDENTS: {
    status: 409,
    meaning: 'Other events depend on the one to be deleted.',
    remedy: 'Delete the dependents first.',
  },
  LIMIT_EXCEEDED: {
    status: 413,
    meaning:
      'A document, a body, a value, a list or the cost of an operation is larger than the limit named in the message.',
    remedy: 'Send or request less at once.',
  },
  TOPIC_SCHEMA_MISMATCH: {
    status: 422,
    meaning: 'The summary or payload does not match the schema of the event’s topic; nothing was stored.',
    remedy:
      'Correct the value at `extensions.path`. `extensions.failures` lists the first ten failures; the query `topics` returns the schema.',
  },
  RATE_LIMITED: {
    status: 429,
    meaning: 'A rate limit is exceeded; the request was refused.',
    remedy: 'Retry after the number of seconds in `Retry-After`.',
  },
  HANDLER_FAILED: {
    status: 500,
    meaning: 'The event was stored, and one of its synchronous handlers failed; the others ran.',
    remedy:
      'See `extensions.executions` for each outcome. Do not send the event again: it is stored as `extensions.eventId`.',
  },
  SLOW_SUBSCRIBER: {
    status: 503,
    meaning: 'A subscriber read too slowly, and its buffer overflowed. The subscription was ended.',
    remedy: 'Subscribe again with `after` set to `extensions.position`.',
  },
  OVERLOADED: {
    status: 503,
    meaning: 'The gateway’s queue is full; the request was refused.',
    remedy: 'Retry with back-off.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    meaning: 'The database could not be reached in time. A write may or may not have been committed.',
    remedy: 'Retry with back-off. A send with a `hash` can be repeated safely.',
  },
  STORAGE_FULL: {
    status: 507,
    meaning: 'The database’s disk is full; nothing was written.',
    remedy: 'Free disk space, then retry. Reads are still served.',
  },
  SHUTTING_DOWN: {
    status: 503,
    meaning: 'The gateway is shutting down.',
    remedy: 'Retry on another replica, or after the restart.',
  },
  INTERNAL_SERVER_ERROR: {
    status: 500,
    meaning: 'An unexpected failure. The details are in the gateway’s log.',
    remedy: 'Report it with `extensions.errorId`, which is also in the log line.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCatalogue;

/** A deliberate refusal, without a stack trace (see `withoutTrace`). Its message and code reach the caller unchanged. */
export class ThroughlineError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable facts that are placed next to `code` in `extensions`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'ThroughlineError';
    this.code = code;
    this.details = details;
    dropTrace(this);
  }
}

/**
 * The error that `make` makes, without a stack trace. Errors that wrap others ask for theirs, and the first trace takes as
 * long as reading the source maps of the whole program.
 */
export function withoutTrace<Failure extends Error>(make: () => Failure): Failure {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return dropTrace(make());
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Undefined rather than empty: GraphQL's errors take over the trace of what they wrap if there is one. */
function dropTrace<Failure extends Error>(error: Failure): Failure {
  return Object.assign(error, { stack: undefined });
}

/** Shorthand for the most common error, BAD_USER_INPUT. */
export function badInput(message: string, details?: Readonly<Record<string, unknown>>): ThroughlineError {
  return new ThroughlineError('BAD_USER_INPUT', message, details);
}

/** Converts any thrown value to an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
