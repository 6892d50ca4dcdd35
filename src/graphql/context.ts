// The context of resolvers: the caller, the operations of the gateway, and the loaders of one execution.
import type { Watch } from '../live/watch.ts';
import type { Operations } from '../operations/operations.ts';
import type { Caller } from '../operations/callers.ts';
import { EventLoaders } from './event/event-loaders.ts';
import { Unanswered } from './unanswered.ts';

export interface GraphQLContext {
  readonly caller: Caller;
  readonly operations: Operations;
  readonly watch: Watch;
  readonly loaders: EventLoaders;
  readonly unanswered: Unanswered;
}

/** Creates the context of one execution; its loaders cache what that execution has read. */
export function createContext(given: Omit<GraphQLContext, 'loaders' | 'unanswered'>): GraphQLContext {
  const { caller, operations, watch } = given;
  const loaders = new EventLoaders(operations);
  return { caller, operations, watch, loaders, unanswered: new Unanswered() };
}
