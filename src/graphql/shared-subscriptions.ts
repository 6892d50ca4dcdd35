// Subscriptions on every transport: those of the same operation and variables share one execution, where all get the same.
import { type DocumentNode, type ExecutionResult, type GraphQLSchema, subscribe } from 'graphql';
import type { Position } from '../domain/event.ts';
import type { Watch, WatchFactory } from '../live/watch.ts';
import type { Caller, Operations } from '../operations/operations.ts';
import { createContext } from './context.ts';
import { type Report, toGraphQLError } from './errors.ts';
import { type LiveResults, SharedGroup } from './shared-group.ts';
import { type Beginning, type Direct, SharedMember } from './shared-member.ts';
import { isShareable, shareKey, type SubscribeArgs } from './shared-operation.ts';

export interface Subscribing extends SubscribeArgs {
  readonly document: DocumentNode;
  readonly caller: Caller;
}

export interface SharedSubscriptionsParts {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly watching: WatchFactory;
  readonly report: Report;
}

export class SharedSubscriptions {
  readonly #parts: SharedSubscriptionsParts;
  readonly #groups = new Map<string, SharedGroup>();

  constructor(parts: SharedSubscriptionsParts) {
    this.#parts = parts;
  }

  /** Somebody is about to subscribe: the log is read from now on, until the returned function is called. */
  warm(): () => void {
    const holding = this.#parts.watching.hold();
    holding.catch(() => {});
    return () => {
      holding.then(
        (release) => release(),
        () => {},
      );
    };
  }

  /**
   * The results for one subscriber, or the errors for which there are none. Once it has caught up with the others of
   * its kind, each serialised result goes to `direct`, where given, instead of being yielded. What is handed out to one
   * subscriber alone is always yielded: it is taken only when it is asked for.
   */
  async subscribe(
    args: Subscribing,
    direct?: Direct,
  ): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>> {
    if (!isShareable(this.#parts.schema, args)) return this.#execute(args, this.#parts.watching.live());
    const release = await this.#parts.watching.hold();
    const from = this.#parts.watching.position;
    try {
      const entered = await this.#enterGroup(args);
      if (!(entered instanceof SharedGroup)) {
        release();
        return entered;
      }
      return await this.#join(entered, args, from, direct, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** A group that could not begin may have failed by what the key leaves out; then this subscriber's own is tried. */
  async #enterGroup(args: Subscribing): Promise<SharedGroup | ExecutionResult> {
    const key = shareKey(args, args.caller.scopes.join(' '));
    for (;;) {
      const known = this.#groups.get(key);
      const group = known ?? this.#openGroup(key, args);
      group.enter();
      const opened = await group.opening.catch((error: unknown) => ({
        errors: [toGraphQLError(error, this.#parts.report)],
      }));
      if ('results' in opened) return group;
      this.#forget(key, group);
      group.leave();
      if (!known) return opened;
    }
  }

  #openGroup(key: string, args: Subscribing): SharedGroup {
    const { watch, position } = tracked(this.#parts.watching.live());
    const opening = this.#execute(args, watch).then((opened) =>
      isResults(opened) ? { results: opened, position } : opened,
    );
    const group: SharedGroup = new SharedGroup(opening, () => this.#forget(key, group));
    this.#groups.set(key, group);
    return group;
  }

  #forget(key: string, group: SharedGroup): void {
    if (this.#groups.get(key) === group) this.#groups.delete(key);
  }

  /** The member is there for shared results before its own beginning is read, so that nothing falls in between. */
  async #join(
    group: SharedGroup,
    args: Subscribing,
    from: Position,
    direct: Direct | undefined,
    release: () => void,
  ): Promise<ExecutionResult | SharedMember> {
    const member = new SharedMember(direct, () => {
      group.leave(member);
      release();
    });
    group.add(member);
    try {
      const beginning = await this.#beginning(args, from);
      if ('results' in beginning) {
        member.begin(beginning);
        return member;
      }
      member.end();
      return beginning;
    } catch (error) {
      member.end();
      throw error;
    }
  }

  async #beginning(args: Subscribing, from: Position): Promise<Beginning | ExecutionResult> {
    const prelude = this.#parts.watching.prelude(from);
    const { watch, position } = tracked(prelude);
    const results = await this.#execute(args, watch);
    return isResults(results) ? { results, position, handover: () => prelude.handover } : results;
  }

  async #execute(
    args: Subscribing,
    watch: Watch,
  ): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>> {
    const { schema, operations, report } = this.#parts;
    const results = await subscribe({
      schema,
      document: args.document,
      operationName: args.operationName ?? null,
      variableValues: args.variables ?? {},
      contextValue: createContext({ caller: args.caller, operations, watch }),
    });
    return isResults(results)
      ? mapResults(results, (result) => masked(result, report))
      : masked(results, report);
  }
}

function isResults(
  opened: ExecutionResult | AsyncIterable<ExecutionResult>,
): opened is AsyncIterableIterator<ExecutionResult> {
  return Symbol.asyncIterator in opened;
}

function masked(result: ExecutionResult, report: Report): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => toGraphQLError(error, report)) };
}

function mapResults<From, To>(
  items: AsyncIterable<From>,
  map: (item: From) => To,
): AsyncIterableIterator<To> {
  const iterator = items[Symbol.asyncIterator]();
  const mapped: AsyncIterableIterator<To> = {
    next: async () => {
      const step = await iterator.next();
      return step.done ? { value: undefined, done: true } : { value: map(step.value), done: false };
    },
    return: async () => {
      await iterator.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => mapped,
  };
  return mapped;
}

/** The same streams, and the position of the change that was read from them last. */
function tracked(watch: Watch): { watch: Watch; position: LiveResults['position'] } {
  let last: Position | null = null;
  const follow = <Item extends { position?: Position | null }>(items: AsyncIterable<Item>) =>
    mapResults(items, (item) => {
      last = item.position ?? null;
      return item;
    });
  return {
    watch: {
      feed: async (request) => follow(await watch.feed(request)),
      status: async (request) => follow(await watch.status(request)),
      progress: (request) => watch.progress(request),
    },
    position: () => last,
  };
}
