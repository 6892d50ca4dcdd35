// Maps GraphQL's own errors (syntax, validation, values, limits) to codes of the catalogue, by their messages.
import type { GraphQLError } from 'graphql';
import { type ErrorCode, errorCatalogue } from '../base/errors.ts';

/** A known error, before it has a location in a response. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Messages of the document limits, which are reported as syntax errors. */
const beyondLimit =
  /^(?:Syntax Error: )?((?:Aliases|Directives|Query depth|Token) limit of \d+ exceeded.*|Document contains more that \d+ tokens.*)$/s;

/** Messages for invalid values of variables and arguments; some validation errors also begin with a variable. */
const badVariable =
  /^Variable "\$\w+" (?:got invalid value|of required type .* was not provided|of non-null type .* must not be null)|^Too many errors processing variables/s;
const badArgument = /^Argument "\w+" (?:has invalid value|of required type|of non-null type)/;

/** Classifies an error without an original error; undefined for a fault of a resolver. */
export function classify(error: GraphQLError): Refusal | undefined {
  const [, limit] = beyondLimit.exec(error.message) ?? [];
  if (limit !== undefined) return { code: 'LIMIT_EXCEEDED', message: limit, details: {} };
  if (isMaskedElsewhere(error)) return undefined;
  const code = catalogued(error.extensions.code) ?? codeByMessage(error);
  return code && { code, message: error.message, details: detailsOf(error) };
}

function codeByMessage({ message, path, locations, extensions }: GraphQLError): ErrorCode | undefined {
  if (badArgument.test(message) && path) return 'BAD_USER_INPUT';
  if (path) return undefined;
  if (message.startsWith('Too many validation errors')) return 'GRAPHQL_VALIDATION_FAILED';
  if (message.startsWith('Syntax Error')) return 'GRAPHQL_PARSE_FAILED';
  if (badVariable.test(message) || !locations || 'code' in extensions) return 'BAD_USER_INPUT';
  return 'GRAPHQL_VALIDATION_FAILED';
}

function catalogued(code: unknown): ErrorCode | undefined {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : undefined;
}

/** Has the code of an unexpected error but no `errorId` yet; its message may not be meant for clients. */
function isMaskedElsewhere({ extensions }: GraphQLError): boolean {
  return extensions.code === 'INTERNAL_SERVER_ERROR' && extensions.errorId === undefined;
}

function detailsOf(error: GraphQLError): Record<string, unknown> {
  const { code: _code, http: _http, ...details } = error.extensions;
  return details;
}
