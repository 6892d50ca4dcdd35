// AYON's POST /graphql: bounded documents, executed on its own schema.
import {
  type ASTVisitor,
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type ValidationContext,
} from 'graphql';
import { asError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { refusalOf } from '../answers.ts';
import { readBodyAs } from '../bodies.ts';
import type { AyonRequest } from '../request.ts';
import { ayonSchema } from './schema.ts';

/** `report` logs an unexpected failure, and answers its id. Everything is answered with 200, errors included. */
export async function executeGraphQL(
  request: AyonRequest,
  text: string,
  report: (error: unknown) => string,
): Promise<object> {
  const { query, variables = {}, operationName } = readBodyAs('graphql', text);
  const document = documentOf(query);
  if (!('kind' in document)) return { data: null, errors: document };
  const result = (await execute({
    schema: ayonSchema,
    document,
    variableValues: variables,
    operationName,
    contextValue: request,
  })) as ExecutionResult;
  const { data = null, errors } = result;
  return errors ? { data, errors: errors.map((error) => toldError(error, report)) } : { data };
}

function documentOf(query: string): DocumentNode | readonly GraphQLError[] {
  try {
    const document = parse(query, { maxTokens: limits.documentTokens, noLocation: false });
    const errors = validate(ayonSchema, document, [...specifiedRules, fewLists], { maxErrors: 20 });
    return errors.length === 0 ? document : errors;
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError(asError(error).message)];
  }
}

/** Each list may take as long as a page, and be as large. */
function fewLists(context: ValidationContext): ASTVisitor {
  let lists = 0;
  return {
    Field: (node) => {
      if (node.name.value !== 'events') return;
      lists += 1;
      if (lists === limits.ayonLists + 1)
        context.reportError(
          new GraphQLError(`A document may ask for ${limits.ayonLists} lists of events at most.`, {
            nodes: node,
          }),
        );
    },
  };
}

/** Unexpected failures are masked: the caller gets an id of the log line. */
function toldError(error: GraphQLError, report: (error: unknown) => string): object {
  const { originalError, message, path, locations } = error;
  if (originalError === undefined || originalError instanceof GraphQLError)
    return { message, path, locations };
  const refusal = refusalOf(originalError);
  if (refusal !== null)
    return { message: refusal.message, path, locations, extensions: { status: refusal.status } };
  const errorId = report(originalError);
  return { message: 'Something failed; the gateway’s log has the details.', path, extensions: { errorId } };
}
