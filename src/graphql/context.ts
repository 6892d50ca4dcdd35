// The context of resolvers: the caller, the operations of the gateway, and the loaders of one execution.
import type { Watch } from '../live/watch.ts';
import type { Operations } from '../operations/operations.ts';
import type { Audit } from '../operations/access/audit.ts';
import { auditOperations, auditRefusals } from '../operations/access/audited-operations.ts';
import { guard } from '../operations/access/guarded-operations.ts';
import type { Caller } from '../operations/callers.ts';
import type { HeldAnswers } from './answers/held-answers.ts';
import { EventLoaders } from './event/event-loaders.ts';
import { Unanswered } from './unanswered.ts';

interface GivenContext extends Pick<GraphQLContext, 'caller' | 'operations' | 'watch'> {
  /** Records what the caller changes and is refused. Null or absent: nothing does. */
  readonly audit?: Audit | null | undefined;
}

export interface GraphQLContext {
  readonly caller: Caller;
  /** As the caller may use them. */
  readonly operations: Operations;
  readonly watch: Watch;
  readonly loaders: EventLoaders;
  readonly unanswered: Unanswered;
}

/**
 * Creates the context of one execution: its operations are the caller's, its loaders cache what that execution has read, and count it in `held` if that is
 * given.
 */
export function createContext(
  { caller, audit = null, ...given }: GivenContext,
  held: HeldAnswers | null = null,
): GraphQLContext {
  const guarded = guard(given.operations, caller);
  const operations = audit === null ? guarded : auditOperations(guarded, caller, audit);
  const watch = audit === null ? given.watch : auditRefusals(given.watch, caller, audit);
  const loaders = new EventLoaders(operations, caller, held);
  return { caller, operations, watch, loaders, unanswered: new Unanswered() };
}
