// Limits that are checked between validation and execution: the items of lists in variables, and the cost. Reports the cost on request.
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { ThroughlineError } from '../../base/errors.ts';
import { operationPauseIfDue } from '../../base/time-slices.ts';
import { checkCost, costOf } from '../../graphql/cost/query-cost.ts';
import { checkInputSize } from '../../graphql/input-size.ts';
import type { Caller } from '../../operations/callers.ts';
import { refusal } from './public-errors.ts';
import type { SubscriptionSource } from './subscription-source.ts';

/** The extensions of a request, as they arrive. */
export interface AskedExtensions {
  readonly params?: { readonly extensions?: unknown } | undefined;
}

/** Whether a request has `{"extensions": {"cost": true}}`: its result then has the cost in `extensions.cost`. */
export function asksForCost(extensions: unknown): boolean {
  return (
    typeof extensions === 'object' && extensions !== null && 'cost' in extensions && extensions.cost === true
  );
}

/**
 * For queries and mutations; those of subscriptions are checked where they are executed. Large variables are refused
 * before they are converted; operations that come together begin in time slices.
 */
export const useOperationLimits: Plugin<AskedExtensions & { readonly caller: Caller }> = {
  onExecute({ args, setResultAndStopExecution }) {
    const { schema, document, operationName, variableValues: variables, contextValue } = args;
    let cost: number;
    try {
      checkInputSize(schema, { document, operationName, variables });
      cost = checkCost(schema, { document, operationName, variables });
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      return setResultAndStopExecution({ errors: [refusal(error)] });
    }
    const pause = operationPauseIfDue(contextValue.caller.name);
    if (!asksForCost(contextValue.params?.extensions)) return pause;
    const tell: ReturnType<NonNullable<Plugin['onExecute']>> = {
      onExecuteDone({ result, setResult }) {
        if (!isAsyncIterable(result)) setResult(withCost(result, cost));
      },
    };
    return pause ? pause.then(() => tell) : tell;
  },
};

/** The same source, which adds the cost to each result if the request asks for it. */
export function tellingCost(source: SubscriptionSource, schema: GraphQLSchema): SubscriptionSource {
  return {
    warm: () => source.warm(),
    subscribe: async (request, direct) => {
      if (!request.tellsCost) return source.subscribe(request, direct);
      // Not `direct`: what is sent so is the same for all subscribers, whether they ask for the cost or not.
      const results = await source.subscribe(request);
      const tell = (result: ExecutionResult) => withCost(result, costOf(schema, request));
      return Symbol.asyncIterator in results ? mapped(results, tell) : tell(results);
    },
  };
}

function withCost(result: ExecutionResult, cost: number): ExecutionResult {
  return { ...result, extensions: { ...result.extensions, cost } };
}

function mapped(
  results: AsyncIterableIterator<ExecutionResult>,
  map: (result: ExecutionResult) => ExecutionResult,
): AsyncIterableIterator<ExecutionResult> {
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    next: async () => {
      const step = await results.next();
      return step.done ? step : { done: false, value: map(step.value) };
    },
    return: async () => (await results.return?.()) ?? { value: undefined, done: true },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
