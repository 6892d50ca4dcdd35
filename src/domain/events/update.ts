// Updates of events: validation, and the change for the log writer.
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { checkAttempt } from '../jobs/enroll.ts';
import type { EventStatus } from './event.ts';
import { failureOf, failureText } from './failure-text.ts';
import { toJsonObjectText, toJsonText } from '../values/json.ts';
import { checkDescription, checkId, optionalName } from './send.ts';

type Given<T> = T | null | undefined;

/**
 * An update as it arrives. A field that is absent or null stays unchanged; an explicit `result: null` clears the result.
 */
export interface UpdateInput {
  readonly id: string;
  readonly status?: Given<EventStatus>;
  readonly progress?: Given<number>;
  readonly description?: Given<string>;
  readonly summary?: unknown;
  readonly payload?: unknown;
  readonly retries?: Given<number>;
  readonly project?: Given<string>;
  readonly user?: Given<string>;
  readonly sender?: Given<string>;
  readonly result?: unknown;
  readonly error?: Given<{ message: string; code?: Given<string>; stack?: Given<string> }>;
  readonly attempt?: Given<number>;
}

/** A valid change. Null leaves a field unchanged; JSON is kept as text. */
export interface EventPatch {
  readonly id: string;
  readonly status: EventStatus | null;
  readonly description: string | null;
  readonly summary: string | null;
  readonly payload: string | null;
  readonly retries: number | null;
  readonly project: string | null;
  readonly user: string | null;
  readonly sender: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly by: string;
  /** A worker's fencing token. */
  readonly attempt: number | null;
  readonly lenient: boolean;
}

/** Internal: no argument of the GraphQL schema sets these. */
export interface UpdateOptions {
  /**
   * For clients without leases: any status may follow any; a write without an attempt is the holder's, and extends the
   * lease; a description beside progress is stored.
   */
  readonly lenient?: boolean;
  /** Who reports progress, for those who watch. */
  readonly sender?: string | null;
}

export interface CheckedUpdate {
  readonly patch: EventPatch;
  readonly progress: number | null;
  /** False if only progress was given, so that no row is changed. */
  readonly durable: boolean;
}

export function checkUpdate(
  input: UpdateInput,
  by: string,
  { lenient = false }: UpdateOptions = {},
): CheckedUpdate {
  const progress = input.progress ?? null;
  if (progress !== null && !(progress >= 0 && progress <= 100))
    throw badInput(`progress is ${progress}; 0 to 100 is allowed.`);
  const content = {
    status: input.status ?? null,
    description: descriptionText(input),
    summary: input.summary == null ? null : toJsonObjectText('summary', input.summary),
    payload: input.payload == null ? null : toJsonObjectText('payload', input.payload),
    retries: checkRetries(input.retries ?? null),
    project: optionalName('project', input.project),
    user: optionalName('user', input.user),
    sender: optionalName('sender', input.sender),
    result: input.result === undefined ? null : toJsonText('result', input.result),
    error: errorText(input.error),
  };
  // A description given only with progress describes that progress, and is broadcast with it.
  const { description, ...others } = content;
  const durable =
    Object.values(others).some((value) => value !== null) ||
    (description !== null && (progress === null || lenient));
  const attempt = input.attempt == null ? null : checkAttempt(input.attempt);
  const patch = { id: checkId(input.id), ...content, by, attempt, lenient };
  return { patch, progress, durable };
}

function checkRetries(retries: number | null): number | null {
  if (retries !== null && !(Number.isInteger(retries) && retries >= 0))
    throw badInput(`retries is ${retries}; 0 or more is allowed.`);
  return retries;
}

/** Whether the update reports a failure. Its texts are then sanitised instead of refused. */
function reportsFailure({ status, error }: UpdateInput): boolean {
  return status === 'FAILED' || status === 'ABORTED' || error != null;
}

function descriptionText(input: UpdateInput): string | null {
  if (input.description == null) return null;
  return reportsFailure(input)
    ? failureText(input.description, limits.descriptionLength)
    : checkDescription(input.description);
}

function errorText(error: UpdateInput['error']): string | null {
  return error == null ? null : JSON.stringify(failureOf(error));
}
