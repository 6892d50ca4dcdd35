// Durable subscriptions: made, asked for their next event, acknowledged, listed, ended.
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
  readSubscriptions,
} from '../store/subscriptions/subscriptions.ts';
import type { SubscriptionDispatcher } from '../subscriptions/subscription-dispatcher.ts';
import type { NextEvent } from '../subscriptions/assign-events.ts';
import { countLags } from '../subscriptions/lag.ts';
import { countSubscribers } from './events/count-subscribers.ts';
import { checkSource, type SourceParts } from './sources.ts';
import { NextEvents } from './events/next-events.ts';
import type { Caller } from './callers.ts';

export type { NextEvent } from '../subscriptions/assign-events.ts';

/** An id that is unknown, unsubscribed or expired is refused with NO_SUCH_SUBSCRIPTION. */
export interface SubscriptionOperations {
  subscribe(caller: Caller, input: SubscribeInput): Promise<DurableSubscription>;
  /** Null where there was none in time; a null `timeoutMs` waits as long as can be. */
  nextEvent(caller: Caller, ids: readonly string[], timeoutMs: number | null): Promise<NextEvent | null>;
  /** What `nextEvent` would give, one after another, each taken when it is asked for. */
  subscriptionEvents(ids: readonly string[]): Promise<AsyncIterableIterator<NextEvent>>;
  acknowledge(id: string, position: string): Promise<DurableSubscription>;
  /** Returns the id. */
  unsubscribe(id: string): Promise<string>;
  /** Returns null if the trigger does not exist. */
  subscription(id: string): Promise<DurableSubscription | null>;
  /** In order of creation. */
  subscriptions(page: {
    readonly first?: number | null | undefined;
    readonly after?: string | null | undefined;
  }): Promise<Page<DurableSubscription>>;
  /** For how many of them an event is. */
  countSubscribers(eventId: string): Promise<number>;
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
    subscribe: async ({ name }, input) => {
      const checked = checkSubscribe(input);
      if (checked.source !== null) await checkSource(checked.source, parts);
      const made = await insertSubscription(
        database,
        { id: newId(), owner: name },
        checked,
        mostSubscriptions,
      );
      if (made.isFull) throw tooMany();
      return made.subscription ?? refusePast(checked.after, made.logEnd);
    },
    nextEvent: async ({ signal = null }, given, timeoutMs) => {
      const ids = checkSubscriptionIds(given);
      return subscriptions.next({ ids, waitMs: checkTimeout(timeoutMs), signal });
    },
    subscriptionEvents: async (ids) => new NextEvents(subscriptions, checkSubscriptionIds(ids, 'ids')),
    acknowledge: (id, position) => acknowledge(subscriptions, id, position),
    unsubscribe: (id) => unsubscribe(parts, id),
    subscription: async (id) => (await readSubscriptions(database, [checkId(id)]))[0] ?? null,
    subscriptions: (page) => list(database, page.first ?? null, page.after ?? null),
    countSubscribers: (eventId) => countSubscribers(database, eventId),
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

async function acknowledge(
  subscriptions: SubscriptionDispatcher,
  givenId: string,
  given: string,
): Promise<DurableSubscription> {
  const subscriptionId = checkId(givenId, 'subscriptionId');
  const position = checkPosition(given, 'position');
  const subscription = await subscriptions.acknowledge({ subscriptionId, position });
  if (subscription === null) throw noSuchSubscription(subscriptionId);
  if (subscription.ack === 'AUTO')
    throw badInput(
      `Subscription ${subscriptionId} acknowledges by itself (ack: AUTO): what nextEvent answers does not come again.`,
    );
  if (position > subscription.position) {
    throw badInput(
      `position ${position} was not handed out by the subscription, which has come to ${subscription.position}; give the position that nextEvent answered.`,
    );
  }
  return subscription;
}

async function unsubscribe({ database, broadcast }: SubscriptionParts, given: string): Promise<string> {
  const id = checkId(given);
  if (!(await deleteSubscription(database, id))) throw noSuchSubscription(id);
  broadcast.unsubscribed(id);
  return id;
}

async function list(
  database: Database,
  first: number | null,
  after: string | null,
): Promise<Page<DurableSubscription>> {
  const { size } = checkPage({ first }, 'CREATED');
  const point = parseCreationPoint('S', after);
  return createdPage('S', await listSubscriptions(database, size + 1, point), size, point);
}
