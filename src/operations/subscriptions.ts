// Durable subscriptions: create, next event, acknowledge, list, move and delete.
import { newId } from '../base/ids.ts';
import { badInput, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import type { Position } from '../domain/events/event.ts';
import { checkPage, checkPosition, type Page, pastLogEnd } from '../domain/events/page.ts';
import { checkId } from '../domain/events/send.ts';
import { createdPage, parseCreationPoint } from '../domain/values/created-page.ts';
import {
  checkSubscribe,
  checkSubscriptionIds,
  checkTimeout,
  type DurableSubscription,
  noSuchSubscription,
  type SubscribeInput,
} from '../domain/subscriptions/subscription.ts';
import {
  deleteSubscription,
  insertSubscription,
  listSubscriptions,
  moveSubscription,
  readSubscriptions,
} from '../store/subscriptions/subscriptions.ts';
import type { SubscriptionDispatcher } from '../subscriptions/subscription-dispatcher.ts';
import type { NextEvent } from '../subscriptions/assign-events.ts';
import { countLags } from '../subscriptions/lag.ts';
import { countSubscribers } from './events/count-subscribers.ts';
import { checkSource, type SourceParts } from './sources.ts';
import { NextEvents } from './events/next-events.ts';
import { isRestricted, type Ownership, type RowScope } from '../domain/access/row-scope.ts';
import { keyOf, ownershipOf } from './access/ownership.ts';
import type { Caller } from './callers.ts';

export type { NextEvent } from '../subscriptions/assign-events.ts';

export interface SubscriptionPage {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/**
 * An id that is unknown, unsubscribed, expired or of a subscription that is not the caller's is refused with
 * NO_SUCH_SUBSCRIPTION. Without a caller all subscriptions are.
 */
export interface SubscriptionOperations {
  subscribe(caller: Caller, input: SubscribeInput): Promise<DurableSubscription>;
  /** Null where there was none in time; a null `timeoutMs` waits as long as can be. */
  nextEvent(caller: Caller, ids: readonly string[], timeoutMs: number | null): Promise<NextEvent | null>;
  /** What `nextEvent` would give, one after another, each taken when it is asked for. */
  subscriptionEvents(ids: readonly string[], caller?: Caller): Promise<AsyncIterableIterator<NextEvent>>;
  acknowledge(id: string, position: string, caller?: Caller): Promise<DurableSubscription>;
  /** Back or forward; deliveries that were not acknowledged are dropped. */
  moveSubscription(id: string, after: string, caller?: Caller): Promise<DurableSubscription>;
  /** Returns the id. */
  unsubscribe(id: string, caller?: Caller): Promise<string>;
  /** Returns null if the trigger does not exist. */
  subscription(id: string, caller?: Caller): Promise<DurableSubscription | null>;
  /** In order of creation. */
  subscriptions(page: SubscriptionPage, caller?: Caller): Promise<Page<DurableSubscription>>;
  /** For how many of them an event is. */
  countSubscribers(eventId: string, rows?: RowScope | null): Promise<number>;
  /** How many events wait for each, by its id; each count stops where it would take too long. */
  lagsOf(subscriptions: readonly DurableSubscription[]): Promise<Map<string, number>>;
}

export interface SubscriptionParts extends SourceParts {
  readonly subscriptions: SubscriptionDispatcher;
  /** Tells every gateway, this one too, that a subscription is gone. */
  readonly broadcast: { unsubscribed(id: string): void };
}

export function createSubscriptionOperations(parts: SubscriptionParts): SubscriptionOperations {
  const { database, subscriptions } = parts;
  return {
    subscribe: async (caller, input) => {
      const { name, rows } = caller;
      const checked = checkSubscribe(input);
      // The known names would reveal events outside of its rows.
      if (checked.source !== null && !isRestricted(rows)) await checkSource(checked.source, parts);
      const made = await insertSubscription(
        database,
        { id: newId(), owner: name, key: keyOf(caller), rows },
        checked,
        mostSubscriptions,
      );
      if (made.isFull) throw tooMany();
      return made.subscription ?? refusePast(checked.after, made.logEnd);
    },
    nextEvent: async (caller, given, timeoutMs) => {
      const ids = checkSubscriptionIds(given);
      const waitMs = checkTimeout(timeoutMs);
      await checkOwned(database, ids, caller);
      return subscriptions.next({ ids, waitMs, signal: caller.signal ?? null });
    },
    subscriptionEvents: async (given, caller) => {
      const ids = checkSubscriptionIds(given, 'ids');
      if (caller) await checkOwned(database, ids, caller);
      return new NextEvents(subscriptions, ids);
    },
    acknowledge: (id, position, caller) => acknowledge(parts, id, position, caller),
    moveSubscription: (id, after, caller) => move(parts, id, after, caller),
    unsubscribe: (id, caller) => unsubscribe(parts, id, caller),
    subscription: async (id, caller) =>
      (await readSubscriptions(database, [checkId(id)], ownershipOf(caller)))[0] ?? null,
    subscriptions: (page, caller) => list(database, page, ownershipOf(caller)),
    countSubscribers: (eventId, rows = null) => countSubscribers(database, eventId, rows),
    lagsOf: (subscriptions) => countLags(database, subscriptions),
  };
}

const mostSubscriptions = {
  perKey: limits.durableSubscriptionsPerKey,
  inAll: limits.durableSubscriptions,
};

function tooMany(): ThroughlineError {
  const { perKey, inAll } = mostSubscriptions;
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There are too many durable subscriptions: ${perKey} of one key and ${inAll} in all is the most; unsubscribe those that are not needed.`,
  );
}

function refusePast(after: Position | null, logEnd: Position): never {
  throw pastLogEnd('after', after ?? logEnd, logEnd);
}

/** Who owns a subscription does not change: it is read once per call, and not at all for an admin. */
async function checkOwned(database: Database, ids: readonly string[], caller: Caller): Promise<void> {
  const owned = ownershipOf(caller);
  if (owned === null) return;
  const known = new Set((await readSubscriptions(database, ids, owned)).map(({ id }) => id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw noSuchSubscription(missing);
}

async function acknowledge(
  { database, subscriptions }: SubscriptionParts,
  givenId: string,
  given: string,
  caller: Caller | undefined,
): Promise<DurableSubscription> {
  const subscriptionId = checkId(givenId, 'subscriptionId');
  const position = checkPosition(given, 'position');
  if (caller) await checkOwned(database, [subscriptionId], caller);
  const subscription = await subscriptions.acknowledge({ subscriptionId, position });
  if (subscription === null) throw noSuchSubscription(subscriptionId);
  if (subscription.ack === 'AUTO')
    throw badInput(
      `Subscription ${subscriptionId} acknowledges automatically (ack: AUTO): an event that nextEvent returned is not delivered again.`,
    );
  if (position > subscription.position) {
    throw badInput(
      `position ${position} was not handed out by the subscription, which has come to ${subscription.position}; give the position that nextEvent answered.`,
    );
  }
  return subscription;
}

async function move(
  { database, broadcast }: SubscriptionParts,
  given: string,
  givenAfter: string,
  caller: Caller | undefined,
): Promise<DurableSubscription> {
  const id = checkId(given);
  const after = checkPosition(givenAfter, 'after');
  const owned = ownershipOf(caller);
  const { subscription, logEnd } = await moveSubscription(database, id, after, owned);
  if (subscription === null) {
    const [known] = await readSubscriptions(database, [id], owned);
    throw known === undefined ? noSuchSubscription(id) : pastLogEnd('after', after, logEnd);
  }
  // What gateways hold of it in memory is read again.
  broadcast.unsubscribed(id);
  return subscription;
}

async function unsubscribe(
  { database, broadcast }: SubscriptionParts,
  given: string,
  caller: Caller | undefined,
): Promise<string> {
  const id = checkId(given);
  if (!(await deleteSubscription(database, id, ownershipOf(caller)))) throw noSuchSubscription(id);
  broadcast.unsubscribed(id);
  return id;
}

async function list(
  database: Database,
  { first = null, after = null }: SubscriptionPage,
  owned: Ownership | null,
): Promise<Page<DurableSubscription>> {
  const { size } = checkPage({ first }, 'CREATED');
  const point = parseCreationPoint('S', after);
  return createdPage('S', await listSubscriptions(database, size + 1, point, owned), size, point);
}
