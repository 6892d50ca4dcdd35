// Runs GraphQL subscriptions for all transports; those with the same operation and variables share an execution.
import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { operationPauseIfDue } from '../../base/time-slices.ts';
import type { Position } from '../../domain/events/event.ts';
import type { Watch, WatchFactory } from '../../live/watch.ts';
import type { Operations } from '../../operations/operations.ts';
import type { Audit } from '../../operations/access/audit.ts';
import type { Caller } from '../../operations/callers.ts';
import { createContext } from '../context.ts';
import { type Report, toGraphQLError } from '../errors.ts';
import { checkCost } from '../cost/query-cost.ts';
import { checkInputSize } from '../input-size.ts';
import { eachAlone } from './alone-results.ts';
import { endingWith, OpenSubscriptions } from './open-subscriptions.ts';
import { SharedExecution } from './shared-execution.ts';
import { type Beginning, type Direct, type Positioned, SharedSubscriber } from './shared-subscriber.ts';
import { isShareable, selectionKey, shareKey, type SubscribeArgs } from './shared-operation.ts';
import { SharedResults } from './shared-results.ts';

export interface Subscribing extends SubscribeArgs {
  readonly document: DocumentNode;
  readonly caller: Caller;
}

export interface SharedSubscriptionsParts {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly watching: WatchFactory;
  readonly report: Report;
  /** Records what callers are refused. Null or absent: nothing does. */
  readonly audit?: Audit | null | undefined;
  /** Default: the standard limits. */
  readonly open?: OpenSubscriptions;
}

export class SharedSubscriptions {
  readonly #parts: SharedSubscriptionsParts;
  readonly #open: OpenSubscriptions;
  readonly #executions = new Map<string, SharedExecution>();
  readonly #results = new SharedResults();

  constructor(parts: SharedSubscriptionsParts) {
    this.#parts = parts;
    this.#open = parts.open ?? new OpenSubscriptions();
  }

  /** Subscriptions that are open now. */
  get openCount(): number {
    return this.#open.count;
  }

  /** Keeps the log tail open for an expected subscriber, until the returned function is called. */
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
   * The results for one subscriber, or the errors that prevented its start. After catch-up, each serialized result goes
   * to `direct`, if given, instead of being yielded. Results of unshared fields are yielded, since each is taken only on
   * demand, unless they come in batches.
   */
  async subscribe(
    args: Subscribing,
    direct?: Direct,
  ): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>> {
    checkInputSize(this.#parts.schema, args);
    checkCost(this.#parts.schema, args);
    const pause = operationPauseIfDue(args.caller.name);
    if (pause !== undefined) await pause;
    const leave = this.#open.enter(args.caller.name);
    try {
      const results = await this.#subscribe(args, direct);
      if (Symbol.asyncIterator in results) return endingWith(results, leave);
      leave();
      return results;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #subscribe(
    args: Subscribing,
    direct: Direct | undefined,
  ): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>> {
    if (!isShareable(this.#parts.schema, args)) return this.#executeAlone(args, direct);
    const release = await this.#parts.watching.hold();
    const from = this.#parts.watching.position;
    try {
      const entered = await this.#enterExecution(args);
      if (!(entered instanceof SharedExecution)) {
        release();
        return entered;
      }
      return await this.#join(entered, args, from, direct, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** A group may have failed because of a variable outside its key; then this subscriber tries its own. */
  async #enterExecution(args: Subscribing): Promise<SharedExecution | ExecutionResult> {
    const key = shareKey(args, audienceOf(args.caller));
    for (;;) {
      const known = this.#executions.get(key);
      const group = known ?? this.#openExecution(key, args);
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

  #openExecution(key: string, args: Subscribing): SharedExecution {
    const opening = this.#execute(args, this.#parts.watching.live(args.caller), liveBuffer).then((opened) =>
      isResults(opened) ? { results: opened } : opened,
    );
    const group: SharedExecution = new SharedExecution(opening, () => this.#forget(key, group));
    this.#executions.set(key, group);
    return group;
  }

  #forget(key: string, group: SharedExecution): void {
    if (this.#executions.get(key) === group) this.#executions.delete(key);
  }

  /** The member receives shared results before its catch-up is read, so that there is no gap. */
  async #join(
    group: SharedExecution,
    args: Subscribing,
    from: Position,
    direct: Direct | undefined,
    release: () => void,
  ): Promise<ExecutionResult | SharedSubscriber> {
    const member = new SharedSubscriber(direct, () => {
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
    const catchUp = this.#parts.watching.catchUp(from, args.caller);
    const results = await this.#execute(args, catchUp);
    return isResults(results) ? { results, handover: () => catchUp.handover } : results;
  }

  /** For one subscriber, from whom no other gets anything. */
  async #executeAlone(
    args: Subscribing,
    direct: Direct | undefined,
  ): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>> {
    const { watching, report } = this.#parts;
    const execution = this.#executionOf(args, watching.live(args.caller));
    const items = await createSourceEventStream(execution);
    if (!(Symbol.asyncIterator in items)) return masked(items, report);
    const run = async (item: unknown) => masked(await execute({ ...execution, rootValue: item }), report);
    return eachAlone(items[Symbol.asyncIterator](), run, direct);
  }

  #executionOf({ document, operationName, variables, caller }: Subscribing, watch: Watch) {
    const { schema, operations, audit } = this.#parts;
    return {
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? {},
      contextValue: createContext({ caller, operations, watch, audit }),
    };
  }

  async #execute(
    args: Subscribing,
    watch: Watch,
    ahead = 1,
  ): Promise<ExecutionResult | AsyncIterableIterator<Positioned>> {
    const { report } = this.#parts;
    const execution = this.#executionOf(args, watch);
    const changes = await createSourceEventStream(execution);
    if (!(Symbol.asyncIterator in changes)) return masked(changes, report);
    const selection = selectionKey(args, audienceOf(args.caller));
    const executed = async (change: Change): Promise<Positioned> => ({
      result: masked(await execute({ ...execution, rootValue: change }), report),
      position: change.position ?? null,
    });
    const share = (change: Change) => this.#results.of(change, selection, () => executed(change));
    return mapResults((changes as AsyncIterable<Change>)[Symbol.asyncIterator](), share, ahead);
  }
}

/** An item of a subscription field. Progress, for example, has no position. */
interface Change {
  readonly position?: Position | null;
}

/** Changes processed concurrently: their events are read, and their messages written, together. */
const liveBuffer = 64;

/** Subscribers of one audience may see the same data. */
function audienceOf({ scopes, rows }: Caller): string {
  return JSON.stringify([scopes, rows]);
}

function isResults(
  opened: ExecutionResult | AsyncIterableIterator<Positioned>,
): opened is AsyncIterableIterator<Positioned> {
  return Symbol.asyncIterator in opened;
}

function masked(result: ExecutionResult, report: Report): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => toGraphQLError(error, report)) };
}

/** Maps in order, up to `ahead` items concurrently. */
function mapResults<From, To>(
  items: AsyncIterator<From>,
  map: (item: From) => To | Promise<To>,
  ahead = 1,
): AsyncIterableIterator<To> {
  const coming: Promise<IteratorResult<To>>[] = [];
  const take = async (): Promise<IteratorResult<To>> => {
    const step = await items.next();
    return step.done ? { value: undefined, done: true } : { value: await map(step.value), done: false };
  };
  const mapped: AsyncIterableIterator<To> = {
    next: () => {
      while (coming.length < ahead) {
        const step = take();
        // The reader gets a failure when its turn comes; until then it must not count as unhandled.
        step.catch(() => {});
        coming.push(step);
      }
      return coming.shift()!;
    },
    return: async () => {
      await items.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => mapped,
  };
  return mapped;
}
