// Inputs of sends: validation, and the event that results.
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../base/text-length.ts';
import type { EventStatus } from './event.ts';
import { checkText, toJsonObjectText } from '../values/json.ts';
import { checkWithin } from '../values/whole-number.ts';
import { checkTopic } from './topic.ts';

export const onDuplicateChoices = ['RETURN', 'FAIL', 'REPLACE'] as const;
export type OnDuplicate = (typeof onDuplicateChoices)[number];

type Given<T> = T | null | undefined;

/** A send as it arrives. Every field is optional; null means absent. */
export interface SendInput {
  readonly topic?: Given<string>;
  readonly sender?: Given<string>;
  readonly senderType?: Given<string>;
  readonly eventType?: Given<string>;
  readonly hash?: Given<string>;
  readonly onDuplicate?: Given<OnDuplicate>;
  readonly project?: Given<string>;
  readonly user?: Given<string>;
  readonly requestId?: Given<string>;
  readonly nodeId?: Given<string>;
  readonly dependsOn?: Given<string>;
  readonly description?: Given<string>;
  readonly summary?: unknown;
  readonly payload?: unknown;
  readonly kwargs?: unknown;
  readonly finished?: Given<boolean>;
  readonly store?: Given<boolean>;
  readonly sendAt?: Given<Date>;
  readonly priority?: Given<number>;
}

/** A valid send with defaults. A null `requestId` or `nodeId` is decided later. */
export interface EventDraft {
  readonly topic: string;
  readonly sender: string | null;
  readonly senderType: string | null;
  readonly eventType: string;
  readonly hash: string | null;
  readonly onDuplicate: OnDuplicate;
  readonly project: string | null;
  readonly user: string | null;
  readonly requestId: string | null;
  readonly nodeId: string | null;
  readonly dependsOnId: string | null;
  readonly description: string;
  /** JSON text. */
  readonly summary: string;
  /** JSON text. */
  readonly payload: string;
  readonly status: EventStatus;
  readonly store: boolean;
  /** When to publish the event; null for immediately. */
  readonly sendAt: Date | null;
  readonly priority: number;
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Checks everything that does not need the database. Throws BAD_USER_INPUT or LIMIT_EXCEEDED. */
export function draftEvent(input: SendInput): EventDraft {
  const sender = optionalName('sender', input.sender);
  const topic = input.topic ?? sender;
  if (topic === null || topic === undefined)
    throw badInput('Give a topic, or a sender, which is then also the topic.');
  const store = input.store ?? true;
  const hash = optionalName('hash', input.hash);
  if (hash !== null && !store)
    throw badInput(
      'hash has no meaning with store: false; a transient event is not stored, and so has no duplicates.',
    );
  return {
    topic: checkTopic(topic, input.topic == null ? 'sender (as topic)' : 'topic'),
    sender,
    senderType: optionalName('senderType', input.senderType),
    eventType: optionalName('eventType', input.eventType) ?? 'events.NormalType',
    hash,
    onDuplicate: input.onDuplicate ?? 'RETURN',
    project: optionalName('project', input.project),
    user: optionalName('user', input.user),
    requestId: chainId('requestId', input.requestId),
    nodeId: chainId('nodeId', input.nodeId),
    dependsOnId: input.dependsOn == null ? null : checkId(input.dependsOn, 'dependsOn'),
    description: checkDescription(input.description ?? ''),
    summary: toJsonObjectText('summary', input.summary ?? {}),
    payload: payloadText(input),
    status: (input.finished ?? true) ? 'FINISHED' : 'PENDING',
    store,
    sendAt: checkSendAt(input.sendAt ?? null, store),
    priority: checkWithin('priority', input.priority ?? 0, -limits.priority, limits.priority),
  };
}

const dayMs = 86_400_000;

/** Null for a time in the past. */
function checkSendAt(sendAt: Date | null, store: boolean): Date | null {
  if (sendAt === null) return null;
  if (!store) throw badInput('sendAt has no meaning with store: false; a transient event is sent at once.');
  const inMs = sendAt.getTime() - Date.now();
  if (inMs > limits.sendAheadDays * dayMs) {
    throw badInput(
      `sendAt ${sendAt.toISOString()} is more than ${limits.sendAheadDays} days in the future, which is the limit.`,
    );
  }
  return inMs > 0 ? sendAt : null;
}

function payloadText(input: SendInput): string {
  if (input.payload != null && input.kwargs != null) {
    throw badInput('payload and kwargs are aliases; give one of them.');
  }
  return input.kwargs == null
    ? toJsonObjectText('payload', input.payload ?? {})
    : toJsonObjectText('kwargs', input.kwargs);
}

/** A name of 1 to 500 characters that Postgres can store; null if it was omitted. */
export function optionalName(argument: string, value: Given<string>): string | null {
  if (value === null || value === undefined) return null;
  if (value === '' || isLongerThan(value, limits.nameLength)) {
    throw badInput(`${argument} has ${lengthOf(value)} characters; 1 to ${limits.nameLength} are allowed.`);
  }
  checkText(argument, value);
  return value;
}

/** A name that fits into the index on request ids and node ids; null if it was omitted. */
function chainId(argument: string, given: Given<string>): string | null {
  const id = optionalName(argument, given);
  // A UTF-16 code unit takes at most three bytes.
  const bytes = id === null || 3 * id.length <= limits.chainIdBytes ? 0 : Buffer.byteLength(id);
  if (bytes <= limits.chainIdBytes) return id;
  throw badInput(`${argument} has ${bytes} bytes as UTF-8; at most ${limits.chainIdBytes} are allowed.`);
}

export function checkDescription(description: string, argument = 'description'): string {
  if (isLongerThan(description, limits.descriptionLength)) {
    throw badInput(
      `${argument} has ${lengthOf(description)} characters; at most ${limits.descriptionLength} are allowed.`,
    );
  }
  checkText(argument, description);
  return description;
}

/** The id in canonical form (lower case, with dashes). Throws BAD_USER_INPUT. */
export function checkId(id: string, argument = 'id', what = 'an event'): string {
  if (!uuid.test(id))
    throw badInput(`${argument} ${JSON.stringify(id.slice(0, 60))} is not ${what}'s id, which is a UUID.`);
  const hex = id.toLowerCase().replaceAll('-', '');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
