// GraphQL errors in responses: refusals before execution, and the masking of internal errors.
import {
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
} from 'graphql';
import { errorCatalogue, ThroughlineError, withoutTrace } from '../../base/errors.ts';

/** Turns whatever was thrown into what the caller sees; logs what it hides. */
export type MaskError = (error: unknown) => GraphQLError;

const refusals = new WeakSet<object>();

/** A ThroughlineError that ends the HTTP request, with the status of its code unless another is given. */
export function refusal(error: ThroughlineError, http: HttpAnswer = {}): GraphQLError {
  const { status = errorCatalogue[error.code].status, ...more } = http;
  const extensions = { code: error.code, ...error.details, http: { status, ...more } };
  const refused = withoutTrace(() => new GraphQLError(error.message, { extensions }));
  refusals.add(refused);
  return refused;
}

interface HttpAnswer {
  readonly status?: number;
  /** GraphQL over HTTP wants 200 in its place where the answer is `application/json`. */
  readonly spec?: boolean;
}

/** Runs `work`; a ThroughlineError it throws ends the HTTP request with the status of its code. */
export async function orRefuse<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ThroughlineError ? refusal(error) : error;
  }
}

/** As `mask`, but our own refusals keep the status they were given. */
export function exceptRefusals(mask: MaskError): MaskError {
  return (error) => (error instanceof GraphQLError && refusals.has(error) ? error : mask(error));
}

/** The error as it is sent: without what only our own server reads. */
export function publicError(error: GraphQLError): GraphQLFormattedError {
  const { extensions: all, ...rest } = error.toJSON();
  const { http: _http, ...extensions } = all ?? {};
  return { ...rest, extensions };
}

/** The result as it is sent. */
export function publicResult(result: ExecutionResult): FormattedExecutionResult {
  const { errors, ...rest } = result;
  // The result itself where it can be: its text is remembered by it.
  return errors === undefined
    ? (result as FormattedExecutionResult)
    : { errors: errors.map(publicError), ...rest };
}
