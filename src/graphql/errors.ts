// Converts errors for clients: known errors keep their code, all others are masked and reported once.
import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLErrorOptions } from 'graphql';
import { type ErrorCode, errorCatalogue, ThroughlineError, withoutTrace } from '../base/errors.ts';
import { classify, type Refusal } from './refusals.ts';

/** Called once for each masked error, with the `errorId` of the response. */
export type Report = (error: unknown, errorId: string) => void;

/**
 * Converts any thrown value, on every transport. Known errors keep their message, code and details; any other error
 * becomes INTERNAL_SERVER_ERROR with an `errorId`. `extensions.http` (the status, and `spec` if GraphQL over HTTP
 * requires 200 for `application/json`) is set only if the request failed as a whole, not in one field.
 */
export function toGraphQLError(error: unknown, report: Report): GraphQLError {
  const located = error instanceof GraphQLError ? error : undefined;
  const refusal = refusalOf(error);
  if (refusal === undefined) return mask(error, located, report);
  const http = httpOf(refusal.code, located);
  const extensions = { ...refusal.details, code: refusal.code, ...(http && { http }) };
  return withoutTrace(() => new GraphQLError(refusal.message, { ...placeOf(located), extensions }));
}

/** Undefined for unexpected errors. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof ThroughlineError) return error;
  if (error instanceof GraphQLError) return refusalBehind(error);
  if (error instanceof AggregateError) return firstRefusal(error.errors);
  return isCoded(error)
    ? { code: error.code, message: errorCatalogue[error.code].meaning, details: {} }
    : undefined;
}

/** GraphQL wraps errors of resolvers, sometimes twice, and also its own errors. */
function refusalBehind(error: GraphQLError): Refusal | undefined {
  const { originalError } = error;
  if (originalError === undefined || originalError === null) return classify(error);
  const refusal = refusalOf(originalError);
  const isOwn =
    refusal !== undefined && originalError instanceof GraphQLError && !originalError.originalError;
  return isOwn ? classify(error) : refusal;
}

function firstRefusal(errors: readonly unknown[]): Refusal | undefined {
  const refusals = errors.map(refusalOf);
  return refusals.includes(undefined) ? undefined : refusals[0];
}

function isCoded(error: unknown): error is Error & { readonly code: ErrorCode } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    Object.hasOwn(errorCatalogue, error.code)
  );
}

/** The ids of reported errors: one error may reach several subscribers, or pass through here twice. */
const reported = new WeakMap<object, string>();

function mask(error: unknown, located: GraphQLError | undefined, report: Report): GraphQLError {
  const cause = causeOf(error);
  const known = typeof cause === 'object' && cause !== null ? reported.get(cause) : undefined;
  const errorId = known ?? randomUUID();
  if (known === undefined) {
    if (typeof cause === 'object' && cause !== null) reported.set(cause, errorId);
    report(cause, errorId);
  }
  const code: ErrorCode = 'INTERNAL_SERVER_ERROR';
  const http = located?.path ? undefined : { status: errorCatalogue[code].status };
  const extensions = { code, errorId, ...(http && { http }) };
  return withoutTrace(() => new GraphQLError('Unexpected error.', { ...placeOf(located), extensions }));
}

/** The original error inside GraphQL's wrappers, which has the useful stack. */
function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? causeOf(error.originalError) : error;
}

/** The location in the document and in the response, without the original error. */
function placeOf(located: GraphQLError | undefined): GraphQLErrorOptions {
  if (!located) return {};
  const { nodes = null, source = null, positions = null, path = null } = located;
  return { nodes, source, positions, path };
}

/** Codes for which GraphQL over HTTP requires status 200 if the response is `application/json`. */
const documentCodes: ReadonlySet<ErrorCode> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
]);

function httpOf(code: ErrorCode, located: GraphQLError | undefined): object | undefined {
  if (located?.path) return undefined;
  if (!documentCodes.has(code)) return { status: errorCatalogue[code].status };
  const given = located?.extensions.http;
  return typeof given === 'object' && given !== null
    ? given
    : { spec: true, status: errorCatalogue[code].status };
}
