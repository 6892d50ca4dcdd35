// Flow control of consumers: how many jobs may be claimed at once, at once per key, and per time.
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type CelFilter, checkCel } from '../cel/filter.ts';
import { checkWithin } from '../values/whole-number.ts';

type Given<T> = T | null | undefined;

/** As it arrives. Null means absent. */
export interface FlowInput {
  readonly maxConcurrent?: Given<number>;
  readonly maxConcurrentPerKey?: Given<number>;
  /** A CEL expression over the source, or the event of a plain queue. */
  readonly key?: Given<string>;
  readonly rateLimit?: Given<RateLimit>;
}

export interface RateLimit {
  readonly count: number;
  readonly perSeconds: number;
}

/** Null: not limited. */
export interface Flow {
  readonly maxConcurrent: number | null;
  readonly maxConcurrentPerKey: number | null;
  readonly key: string | null;
  readonly rateLimit: RateLimit | null;
}

export const noFlow: Flow = { maxConcurrent: null, maxConcurrentPerKey: null, key: null, rateLimit: null };

/** Throws BAD_USER_INPUT or INVALID_FILTER. */
export function checkFlow(input: FlowInput): Flow {
  const { maxConcurrent = null, maxConcurrentPerKey = null, rateLimit = null } = input;
  const key = keyOf(input)?.text ?? null;
  if ((maxConcurrentPerKey === null) !== (key === null))
    throw badInput('Give flow.key and flow.maxConcurrentPerKey together: the key says what is limited.');
  const atMost = (argument: string, value: number | null) =>
    value === null ? null : checkWithin(argument, value, 1, limits.flowCount);
  return {
    maxConcurrent: atMost('flow.maxConcurrent', maxConcurrent),
    maxConcurrentPerKey: atMost('flow.maxConcurrentPerKey', maxConcurrentPerKey),
    key,
    rateLimit: rateLimit === null ? null : checkRate(rateLimit),
  };
}

function checkRate({ count, perSeconds }: RateLimit): RateLimit {
  if (!(perSeconds >= limits.flowLeastSeconds && perSeconds <= limits.flowSeconds)) {
    throw badInput(
      `flow.rateLimit.perSeconds is ${perSeconds}; ${limits.flowLeastSeconds} to ${limits.flowSeconds} is allowed.`,
    );
  }
  return { count: checkWithin('flow.rateLimit.count', count, 1, limits.flowCount), perSeconds };
}

/** The key expression; null for none. */
export function keyOf({ key }: Pick<FlowInput, 'key'>): CelFilter | null {
  return checkCel(key, 'flow.key');
}

/** The limits that are set, as they are stored; null if there are none. */
export function storedFlow(flow: Flow): string | null {
  const set = Object.entries(flow).filter(([, value]) => value !== null);
  return set.length === 0 ? null : JSON.stringify(Object.fromEntries(set));
}

export function flowOf(stored: Partial<Flow> | null): Flow {
  return { ...noFlow, ...stored };
}

export function isLimited(flow: Flow): boolean {
  return Object.values(flow).some((value) => value !== null);
}
