// Errors without GraphQL's suggestions ("Did you mean …?"), which reveal names of the schema to callers that may not introspect it.
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { ThroughlineError } from '../../base/errors.ts';
import type { Caller } from '../../operations/callers.ts';
import type { DocumentLookup } from './document-lookup.ts';
import type { SubscriptionSource } from './subscription-source.ts';

/** For queries and mutations of callers that may run trusted documents alone. */
export function useSafeErrors(documents: DocumentLookup): Plugin<{ readonly caller: Caller }> {
  return {
    onExecute({ args }) {
      if (!documents.restricts(args.contextValue.caller)) return;
      return {
        onExecuteDone({ result, setResult }) {
          if (!(Symbol.asyncIterator in result)) setResult(withoutSuggestions(result));
        },
      };
    },
  };
}

/** The same for subscriptions. Their later results have no such errors: variables are read at the start. */
export function withSafeErrors(source: SubscriptionSource, documents: DocumentLookup): SubscriptionSource {
  return {
    warm: () => source.warm(),
    subscribe: async (request, direct) => {
      const results = await source.subscribe(request, direct);
      const isSafe = Symbol.asyncIterator in results || !documents.restricts(request.caller);
      return isSafe ? results : withoutSuggestions(results);
    },
  };
}

const suggestion = / Did you mean [^?]*\?$/;

/** Our own messages stay as they are: they suggest no names of the schema. */
function withoutSuggestions<Result extends ExecutionResult>(result: Result): Result {
  const { errors } = result;
  if (errors === undefined || !errors.some(({ message }) => suggestion.test(message))) return result;
  return { ...result, errors: errors.map(withoutSuggestion) };
}

function withoutSuggestion(error: GraphQLError): GraphQLError {
  if (error.originalError instanceof ThroughlineError || !suggestion.test(error.message)) return error;
  const { nodes, source, positions, path, originalError, extensions } = error;
  return new GraphQLError(error.message.replace(suggestion, ''), {
    ...{ nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null },
    ...{ originalError: originalError ?? null, extensions },
  });
}
