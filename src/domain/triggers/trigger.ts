// Triggers, which turn HTTP deliveries and scheduled times into events: their inputs and stored form.
import type { TriggerKind } from '../../../generated/prisma/enums.ts';
import type { TriggerModel } from '../../../generated/prisma/models.ts';
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { RowScope } from '../access/row-scope.ts';
import { checkCel } from '../cel/filter.ts';
import { checkSchedule, type Schedule, tickAfter } from './schedule.ts';
import { optionalName } from '../events/send.ts';
import { checkTopic } from '../events/topic.ts';
import { checkWebhook, type WebhookInput, type WebhookTerms } from './webhook.ts';

export type { TriggerKind } from '../../../generated/prisma/enums.ts';

/** The event type of all scheduled events. */
export const tickType = 'tick';

type Given<T> = T | null | undefined;

/** A trigger as it arrives. Null means absent. */
export interface TriggerInput {
  readonly name: string;
  readonly webhook?: Given<WebhookInput>;
  readonly schedule?: Given<{ readonly cron: string; readonly timezone?: Given<string> }>;
  readonly topic?: Given<string>;
  readonly eventType?: Given<string>;
  readonly where?: Given<string>;
  readonly call?: Given<string>;
}

/** A valid trigger before it is stored. Either `webhook` or `schedule` is set. */
export interface TriggerDraft extends Omit<TriggerTerms, 'id' | 'rows'> {
  readonly webhook: WebhookTerms | null;
  readonly schedule: (Schedule & { readonly nextRun: Date }) | null;
}

/** The settings that decide which deliveries and ticks become events, and what those events are. */
export type TriggerTerms = Readonly<
  Pick<TriggerModel, 'id' | 'name' | 'topic' | 'eventType' | 'where' | 'call'>
> & {
  /** Those of its key: its events are within. */
  readonly rows: RowScope | null;
};

/** The public part of a trigger, without its secrets. */
export type Trigger = Readonly<
  Omit<TriggerModel, 'secrets' | 'verifyToken' | 'dueTick' | 'dueMissed' | 'keyId' | 'rows'>
>;

/** A change of a trigger as it arrives. What is absent stays; null removes `where`, `eventType` and `call`. */
export interface TriggerUpdate extends Omit<TriggerInput, 'name' | 'webhook'> {
  readonly id: string;
  readonly enabled?: Given<boolean>;
}

/** What an update can change. */
export type TriggerSettings = Readonly<
  Pick<TriggerModel, 'topic' | 'eventType' | 'where' | 'call' | 'enabled' | 'cron' | 'timezone' | 'nextRun'>
>;

/**
 * The settings after an update. A schedule that is enabled or changed continues with its next tick after `now`. Throws
 * BAD_USER_INPUT or INVALID_FILTER.
 */
export function updatedTrigger(known: Trigger, input: TriggerUpdate, now: Date): TriggerSettings {
  const { schedule } = input;
  const { cron, timezone } = known;
  if (schedule != null && known.kind === 'WEBHOOK') throw badInput('A webhook has no schedule.');
  const enabled = input.enabled ?? known.enabled;
  const isEnabledNow = enabled && !known.enabled;
  const kept = cron === null || timezone === null ? null : { cron, timezone };
  const changed = schedule == null ? kept : checkSchedule(schedule.cron, schedule.timezone);
  const isReplanned = changed !== null && (schedule != null || isEnabledNow);
  const next = isReplanned ? withNextRun(changed, now) : null;
  return {
    topic: input.topic == null ? known.topic : checkTopic(input.topic),
    eventType: input.eventType === undefined ? known.eventType : checkEventType(input.eventType, known.kind),
    where: input.where === undefined ? known.where : (checkCel(input.where)?.text ?? null),
    call: input.call === undefined ? known.call : optionalName('call', input.call),
    enabled,
    cron: next?.cron ?? cron,
    timezone: next?.timezone ?? timezone,
    nextRun: next?.nextRun ?? known.nextRun,
  };
}

/** Checks everything that does not need the database. Throws BAD_USER_INPUT or INVALID_FILTER. */
export function draftTrigger(input: TriggerInput, now: Date): TriggerDraft {
  const name = checkName(input.name);
  const { webhook, schedule } = input;
  if ((webhook == null) === (schedule == null)) {
    throw badInput(
      'Give exactly one of webhook and schedule. webhook: {} accepts deliveries without a signature.',
    );
  }
  return {
    name,
    topic: checkTopic(input.topic ?? name),
    eventType: checkEventType(input.eventType, webhook == null ? 'SCHEDULE' : 'WEBHOOK'),
    where: checkCel(input.where)?.text ?? null,
    call: optionalName('call', input.call),
    webhook: webhook == null ? null : checkWebhook(webhook),
    schedule: schedule == null ? null : withNextRun(checkSchedule(schedule.cron, schedule.timezone), now),
  };
}

const identifier = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

function checkName(name: string): string {
  if (name.length <= limits.topicLength && identifier.test(name)) return name;
  throw badInput(
    `name ${JSON.stringify(name.slice(0, 60))} is not an identifier: 1 to ${limits.topicLength} letters, digits, _ and -, in parts joined by dots.`,
  );
}

function checkEventType(given: Given<string>, kind: TriggerKind): string | null {
  const eventType = optionalName('eventType', given);
  if (eventType === null) return null;
  if (kind === 'SCHEDULE' && eventType !== tickType) {
    throw badInput(
      `eventType ${JSON.stringify(eventType)} would match nothing: scheduled events have the type "${tickType}".`,
    );
  }
  if (kind === 'WEBHOOK' && !/^[a-z-]+$/.test(eventType)) {
    throw badInput(
      `eventType ${JSON.stringify(eventType)} would match nothing: webhook events have the HTTP method in lower case as their type, such as "post". Omit it to accept any method.`,
    );
  }
  return eventType;
}

function withNextRun(schedule: Schedule, now: Date): Schedule & { nextRun: Date } {
  const nextRun = tickAfter(schedule, now);
  if (nextRun !== null) return { ...schedule, nextRun };
  throw badInput(
    `cron ${JSON.stringify(schedule.cron)} has no future ticks; correct its day, month or year.`,
  );
}
