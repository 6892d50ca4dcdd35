// Entries of the audit: what was done to what, and what it changed.
import type { AuditPageQuery } from '../../../../generated/console/graphql.ts';

export type AuditEvent = AuditPageQuery['events']['nodes'][number];

export const auditPrefix = 'throughline.audit.';

/** Operations with what is said of them. */
export const operations: Readonly<Record<string, string>> = {
  createKey: 'created a key',
  rotateKey: 'rotated a key',
  revokeKey: 'revoked a key',
  createAccessToken: 'created an access token',
  createTrigger: 'created a trigger',
  updateTrigger: 'changed a trigger',
  deleteTrigger: 'deleted a trigger',
  setTriggerSecrets: 'replaced the secrets of a webhook',
  declareTopic: 'declared a topic',
  setHandlerEnabled: 'switched a handler',
  pauseConsumer: 'paused a consumer',
  resumeConsumer: 'resumed a consumer',
  moveConsumer: 'moved a consumer',
  setConsumerFlow: 'set the limits of a consumer',
  deleteConsumer: 'deleted a consumer',
  subscribe: 'subscribed',
  moveSubscription: 'moved a subscription',
  unsubscribe: 'ended a subscription',
  restartEvents: 'restarted events',
  abortEvents: 'aborted events',
  deleteEvents: 'deleted events',
  discardOutbox: 'discarded failures of the outbox',
  setRetention: 'set the rules of retention',
  purge: 'purged events',
  refused: 'was refused',
};

export function operationOf({ topic }: AuditEvent): string {
  return topic.slice(auditPrefix.length);
}

interface Summary {
  readonly target?: string | null;
  readonly address?: string | null;
}

export function summaryOf({ summary }: AuditEvent): Summary {
  return summary as Summary;
}

export interface FieldChange {
  readonly field: string;
  /** As JSON; undefined where there was nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Values = Readonly<Record<string, unknown>>;

/** What differs between before and after, and all other values that the entry has. */
export function changesOf({ payload }: AuditEvent): readonly FieldChange[] {
  const { before, after, ...others } = payload as Values;
  const changes = isObject(before) || isObject(after) ? differences(before, after) : whole(before, after);
  // Most refusals come after none that was left out.
  const isTold = ([field, value]: [string, unknown]) =>
    value != null && !(field === 'unrecorded' && value === 0);
  const rest = Object.entries(others).filter(isTold);
  return [...changes, ...rest.map(([field, value]) => ({ field, before: undefined, after: textOf(value) }))];
}

/** Of lists, which are shown as they were and are. */
function whole(before: unknown, after: unknown): readonly FieldChange[] {
  const change = { field: 'all', before: textOf(before), after: textOf(after) };
  return change.before === change.after ? [] : [change];
}

function differences(before: unknown, after: unknown): readonly FieldChange[] {
  const [old, fresh] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
  // What was changed is named beside it.
  const fields = [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter((field) => field !== 'id');
  return fields.flatMap((field) => {
    const change = { field, before: textOf(old[field]), after: textOf(fresh[field]) };
    return change.before === change.after ? [] : [change];
  });
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text as it is, all else as JSON. Null is nothing. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
