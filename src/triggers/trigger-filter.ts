// The filter of a trigger: builds the event of a delivery or tick if the type and the filter match.
import { newId } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { type CelVerdict, checkCel } from '../domain/cel/filter.ts';
import { testInTurn } from '../domain/cel/filter-rows.ts';
import { failureText } from '../domain/events/failure-text.ts';
import type { JsonDocument, JsonObject } from '../domain/values/json.ts';
import type { SendInput } from '../domain/events/send.ts';
import type { TriggerTerms } from '../domain/triggers/trigger.ts';
import type { SendOptions } from '../operations/handler-port.ts';
import type { Operations } from '../operations/operations.ts';
import { type Caller, internalCaller } from '../operations/callers.ts';

/** What came in. */
export interface Occurrence {
  readonly eventType: string;
  /** What the filter is tested on. */
  readonly payload: JsonObject;
  /** What is stored in place of that. */
  readonly stored?: JsonDocument;
  /** By which a repetition is known; null where there can be none. */
  readonly hash: string | null;
}

export interface TriggerFilter {
  /** Null where it does not pass. */
  readonly input: SendInput | null;
  /** Why the filter could not be answered, if so; it does not pass then. */
  readonly filterError: string | null;
}

export type Send = Operations['sendEvent'];

/** Each begins a request of its own: who may deliver may not say what a delivery belongs to. */
export async function passing(trigger: TriggerTerms, occurrence: Occurrence): Promise<TriggerFilter> {
  const { eventType, payload, stored = payload, hash } = occurrence;
  if (!isOfType(trigger, eventType)) return { input: null, filterError: null };
  const requestId = newId();
  const { matches, error } = await verdictOf(trigger, { eventType, payload, requestId });
  const input = {
    topic: trigger.topic,
    sender: trigger.name,
    senderType: 'trigger',
    eventType,
    hash,
    requestId,
    project: projectOf(trigger),
    payload: stored,
  };
  const filterError = error === null ? null : failureText(error, limits.descriptionLength);
  return { input: matches ? input : null, filterError };
}

/** Whether the trigger is for what is of this type. */
export function isOfType(trigger: TriggerTerms, eventType: string): boolean {
  return trigger.eventType === null || trigger.eventType === eventType;
}

/** Nobody waits for what handlers make of it: the other side only wants to know that it has arrived. */
export function optionsOf({ call }: TriggerTerms): SendOptions {
  return { call, background: true };
}

/** Whom the history of the events names. */
export function callerOf({ name, rows }: TriggerTerms): Caller {
  return { ...internalCaller(name), rows };
}

/** Its events are of the project of its key, if that is restricted to one. */
function projectOf({ rows }: TriggerTerms): string | null {
  const [project = null] = rows?.projects ?? [];
  return project;
}

async function verdictOf(
  trigger: TriggerTerms,
  event: { readonly eventType: string; readonly payload: JsonObject; readonly requestId: string },
): Promise<CelVerdict> {
  const { name, topic, where } = trigger;
  try {
    const checked = checkCel(where);
    if (checked === null) return { matches: true, error: null };
    const subject = {
      ...event,
      topic,
      sender: name,
      project: projectOf(trigger),
      user: null,
      summary: {},
      status: 'FINISHED',
      createdAt: new Date(),
    } as const;
    return await testInTurn(checked, subject, name);
  } catch {
    return { matches: false, error: 'the filter is not one that this version understands' };
  }
}
