// Executes a query or mutation. The event data it holds is counted until its answer is ready to be written.
import { execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { pauseIfDue } from '../../base/time-slices.ts';
import type { GraphQLContext } from '../context.ts';

/** From how many bytes of JSON on an answer is written in a time slice. */
const largeBytes = 262_144;

export function executeOperation(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult> {
  const result = execute(args);
  return result instanceof Promise ? finish(result, args.contextValue as GraphQLContext) : result;
}

async function finish(
  executing: Promise<ExecutionResult>,
  { loaders, caller }: GraphQLContext,
): Promise<ExecutionResult> {
  try {
    const result = await executing;
    const pause = loaders.budget.answered < largeBytes ? undefined : pauseIfDue(caller.name);
    if (pause !== undefined) await pause;
    return result;
  } finally {
    loaders.budget.end();
  }
}
