// Handlers defined in code, validated when they are defined.
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { checkCel } from '../../domain/cel/filter.ts';
import { type BaseType, baseTypes, type Handler } from '../../domain/handlers/handler.ts';
import { checkTopic } from '../../domain/events/topic.ts';
import { didYouMean, shown } from '../wording.ts';
import { meantField } from './stray-fields.ts';

/** A Handler with defaults for most fields. */
export interface HandlerDefinition extends Pick<Handler, 'fullName' | 'source' | 'run'> {
  /** Default: none. */
  readonly title?: string | null | undefined;
  /** The type of events it handles. Default: events.NormalType. */
  readonly eventType?: BaseType | undefined;
  /** A CEL expression. Default: none. */
  readonly where?: string | null | undefined;
  /** Whether it runs in the background. Default: false. */
  readonly async?: boolean | undefined;
  /** Default: true. */
  readonly enabled?: boolean | undefined;
  /** Order among synchronous handlers. Default: 0. */
  readonly order?: number | undefined;
  /** Default: true. */
  readonly failSender?: boolean | undefined;
  /** In milliseconds, at most an hour. Default: the gateway's setting. */
  readonly timeoutMs?: number | null | undefined;
  /** Default: 3. */
  readonly maxRetries?: number | undefined;
  /** In milliseconds. Default: 1,000. */
  readonly retryDelayMs?: number | undefined;
  /** Default: every event is valid. */
  readonly isValid?: Handler['isValid'] | undefined;
}

/** Defaults of handlers. */
export const handlerDefaults = {
  async: false,
  enabled: true,
  order: 0,
  failSender: true,
  timeoutMs: null,
  maxRetries: 3,
  retryDelayMs: 1_000,
} as const;

/** Those of a Handler, so that one can be defined from another. */
const fields: ReadonlySet<string> = new Set<keyof Handler>([
  ...['fullName', 'title', 'eventType', 'baseType', 'source', 'where', 'async', 'enabled', 'order'],
  ...['failSender', 'timeoutMs', 'maxRetries', 'retryDelayMs', 'isValid', 'run'],
] as (keyof Handler)[]);

/**
 * A handler for `createGateway({ handlers })`. Throws BAD_USER_INPUT or INVALID_FILTER with the name of the wrong field.
 */
export function defineHandler(definition: HandlerDefinition): Handler {
  const { fullName, source, run } = definition;
  const name = `defineHandler(${typeof fullName === 'string' ? shown(fullName) : '…'})`;
  const refuse = (field: string, right: string, given: unknown, hint = ''): never => {
    throw badInput(`${name}: ${field} must be ${right}, not ${describe(given)}${hint}.`);
  };
  for (const field of Object.keys(definition)) {
    const meant = fields.has(field) ? null : meantField(field, [...fields]);
    if (meant !== null) throw badInput(`${name}: ${field} has no meaning; did you mean ${meant}?`);
  }
  const flag = (field: 'async' | 'enabled' | 'failSender'): boolean => {
    const value = definition[field] ?? handlerDefaults[field];
    return typeof value === 'boolean' ? value : refuse(field, 'true or false', value);
  };
  const number = (
    field: 'order' | 'timeoutMs' | 'maxRetries' | 'retryDelayMs',
    least: number,
    most: number,
  ) => {
    const value = definition[field] ?? handlerDefaults[field] ?? least;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return refuse(field, `a whole number from ${least} to ${most}`, value);
  };
  const call = <F>(field: string, value: F): F =>
    typeof value === 'function' ? value : refuse(field, 'a function', value);
  const topic = (field: string, value: unknown) =>
    typeof value === 'string' ? checkTopic(value, `${name}: ${field}`) : refuse(field, 'a text', value);

  const eventType = definition.eventType ?? 'events.NormalType';
  if (!baseTypes.includes(eventType)) {
    refuse(
      'eventType',
      `one of ${baseTypes.join(', ')}`,
      eventType,
      didYouMean(String(eventType), baseTypes),
    );
  }
  const title = definition.title ?? null;
  if (title !== null && typeof title !== 'string') refuse('title', 'a text', title);
  const where = definition.where ?? null;
  if (where !== null && typeof where !== 'string') refuse('where', 'a CEL expression, as a string', where);
  return Object.freeze({
    fullName: topic('fullName', fullName),
    title,
    eventType,
    baseType: eventType,
    source: topic('source', source),
    where: checkCel(where, `${name}: where`)?.text ?? null,
    async: flag('async'),
    enabled: flag('enabled'),
    order: number('order', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    failSender: flag('failSender'),
    timeoutMs: definition.timeoutMs == null ? null : number('timeoutMs', 1, limits.maxHandlerTimeoutMs),
    maxRetries: number('maxRetries', 0, limits.maxRetries),
    retryDelayMs: number('retryDelayMs', 0, limits.retryDelayMs),
    isValid: call('isValid', definition.isValid ?? (() => true)),
    run: call('run', run),
  });
}

function describe(value: unknown): string {
  return typeof value === 'function' ? 'a function' : shown(value);
}
