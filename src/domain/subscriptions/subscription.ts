// Inputs of durable subscriptions: validation, the selected events, and the delivery settings.
import type { SubscriptionModel } from '../../../generated/prisma/models.ts';
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type CelFilter, checkCel } from '../cel/filter.ts';
import { celPreFilter } from '../cel/pre-filter.ts';
import type { CheckedConditions } from '../conditions/conditions.ts';
import type { RowScope } from '../access/row-scope.ts';
import type { Position } from '../events/event.ts';
import { checkPosition } from '../events/page.ts';
import { checkId, optionalName } from '../events/send.ts';
import { checkTopicPattern } from '../events/topic.ts';
import { checkWithin } from '../values/whole-number.ts';

type Given<T> = T | null | undefined;

export const ackModes = ['AUTO', 'MANUAL'] as const;
export type AckMode = (typeof ackModes)[number];

/** A subscription as it arrives. Null means absent. */
export interface SubscribeInput {
  readonly source?: Given<string>;
  readonly topics?: Given<readonly string[]>;
  /** A CEL expression. */
  readonly where?: Given<string>;
  readonly after?: Given<string>;
  readonly ack?: Given<AckMode>;
  readonly visibilityMs?: Given<number>;
  readonly name?: Given<string>;
  readonly expiresAfterDays?: Given<number>;
}

/** The events that a subscription selects: those that meet all of these. */
export interface SubscriptionDefinition {
  /** The sender of the events. */
  readonly source: string | null;
  /** Patterns of topics; null for any topic. */
  readonly topics: readonly string[] | null;
  readonly filter: CelFilter | null;
  /** The part of the filter that SQL can decide. */
  readonly preFilter: CheckedConditions | null;
  /** Those of its key: what is outside is not delivered. */
  readonly rows: RowScope | null;
}

export interface CheckedSubscribe {
  readonly source: string | null;
  readonly topics: readonly string[] | null;
  readonly where: string | null;
  /** The position to begin after; null for the end of the log. */
  readonly after: Position | null;
  readonly ack: AckMode;
  readonly visibilityMs: number;
  readonly name: string | null;
  readonly expiresAfterDays: number;
}

/** A stored subscription. */
export interface DurableSubscription extends Readonly<
  Omit<SubscriptionModel, 'usedAt' | 'manual' | 'topics' | 'owner' | 'keyId' | 'rows'>
> {
  readonly ack: AckMode;
  /** Null if only the source is tested. */
  readonly topics: readonly string[] | null;
  readonly rows: RowScope | null;
}

/** Throws BAD_USER_INPUT, LIMIT_EXCEEDED or INVALID_FILTER. */
export function checkSubscribe(input: SubscribeInput): CheckedSubscribe {
  const source = optionalName('source', input.source);
  const topics = checkTopics(input.topics);
  if (source === null && topics === null)
    throw badInput('Give a source, topics, or both; topics: ["*"] selects all events.');
  return {
    source,
    topics,
    where: checkCel(input.where)?.text ?? null,
    after: input.after == null ? null : checkPosition(input.after),
    ack: input.ack ?? 'AUTO',
    visibilityMs: checkWithin(
      'visibilityMs',
      input.visibilityMs ?? limits.defaultVisibilityMs,
      limits.minVisibilityMs,
      limits.maxVisibilityMs,
    ),
    name: optionalName('name', input.name),
    expiresAfterDays: checkWithin(
      'expiresAfterDays',
      input.expiresAfterDays ?? limits.defaultExpiresAfterDays,
      1,
      limits.expiresAfterDays,
    ),
  };
}

function checkTopics(topics: Given<readonly string[]>): readonly string[] | null {
  if (topics == null) return null;
  if (topics.length === 0) throw badInput('topics is empty; omit it, or name at least one.');
  if (topics.length > limits.subscriptionTopics) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `topics has ${topics.length} items; at most ${limits.subscriptionTopics} are allowed: use * for any run of characters.`,
    );
  }
  return [...new Set(topics.map((topic) => checkTopicPattern(topic)))].sort();
}

/** The selection of a stored subscription. Throws if its filter is no longer valid. */
export function definitionOf({ source, topics, where, rows }: DurableSubscription): SubscriptionDefinition {
  const filter = checkCel(where);
  return { source, topics, filter, preFilter: filter && celPreFilter(filter), rows };
}

/** In milliseconds; null means the maximum. */
export function checkTimeout(timeoutMs: Given<number>): number {
  return checkWithin('timeoutMs', timeoutMs ?? limits.timeoutMs, 0, limits.timeoutMs);
}

export function checkSubscriptionIds(
  ids: readonly string[],
  argument = 'subscriptionIds',
): readonly string[] {
  if (ids.length === 0) throw badInput(`${argument} is empty; name at least one subscription.`);
  if (ids.length > limits.nextEventIds) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${argument} has ${ids.length} items; at most ${limits.nextEventIds} are allowed.`,
    );
  }
  return [...new Set(ids.map((id) => checkId(id, argument)))];
}

export function noSuchSubscription(id: string): ThroughlineError {
  return new ThroughlineError(
    'NO_SUCH_SUBSCRIPTION',
    `There is no subscription ${id}: it never existed, was removed, or has expired.`,
    { subscriptionId: id },
  );
}
