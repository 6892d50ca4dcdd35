// The rate of events: how many were sent, finished and failed in each step of a range.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { type CheckedFilter, matchesNothing } from '../../domain/conditions/checked-filter.ts';
import { costlyFilter } from '../../domain/conditions/costly-filter.ts';
import { checkFilter, type EventFilter, filterWithin } from '../../domain/conditions/event-filter.ts';
import { type ReadCounts, readCounts, type StepCounts } from '../../store/figures/event-counts.ts';
import { readLogRates } from '../../store/figures/log-rates.ts';
import type { Asker } from '../callers.ts';

export interface RateQuery {
  readonly from: Date;
  readonly to: Date;
  readonly steps: number;
  readonly filter: EventFilter | null;
}

/** Counts of one step. */
export interface EventRate {
  /** Where it begins. */
  readonly at: Date;
  readonly sent: number;
  readonly finished: number;
  readonly failed: number;
}

const dayMs = 86_400_000;

/** For how long counts of each length are kept. */
const spans = [
  { seconds: 60, keptMs: limits.rateMinuteDays * dayMs },
  { seconds: 3_600, keptMs: limits.rateHourDays * dayMs },
  { seconds: 86_400, keptMs: Infinity },
] as const;

/** What a caller without `events:read` may filter by. */
const countedFields: readonly (keyof EventFilter)[] = ['topics', 'projects'];

/** Whether the filter says nothing but topics and projects. */
export function isCountedFilter(filter: EventFilter | null): boolean {
  return Object.entries(filter ?? {}).every(
    ([name, value]) => value == null || countedFields.includes(name as keyof EventFilter),
  );
}

export async function eventRate(
  database: Database,
  query: RateQuery,
  caller: Asker | undefined,
): Promise<EventRate[]> {
  checkRange(query);
  const filter = filterWithin(checkFilter(query.filter), caller?.rows ?? null);
  if (costlyFilter(filter) !== null)
    throw badInput(
      'eventRate cannot filter by payload, summary, description, text or an expression; use other fields of the event.',
    );
  const isOfEvents = !isCountedFilter(query.filter) || (caller?.rows?.requestIds ?? null) !== null;
  const stepMs = (query.to.getTime() - query.from.getTime()) / query.steps;
  const isShort = isOfEvents || stepMs < 60_000;
  const span = isShort ? 0 : spanOf(query, stepMs, filter);
  const bounds = boundsOf(query, stepMs, span);
  if (matchesNothing(filter)) return ratesOf(bounds, []);
  return ratesOf(
    bounds,
    isShort
      ? await countInLog(database, bounds, filter, isOfEvents)
      : await readKept(database, span, bounds, filter),
  );
}

function checkRange({ from, to, steps }: RateQuery): void {
  if (from.getTime() >= to.getTime()) throw badInput('from must be before to.');
  if (steps < 1 || steps > limits.rateSteps)
    throw badInput(`steps is ${steps}; 1 to ${limits.rateSteps} are allowed.`);
  if (to.getTime() - from.getTime() < steps)
    throw badInput('A step must be a millisecond at least: choose fewer steps.');
}

/**
 * The length of the counts to read, in seconds. Sums of all topics are few and are read by the shortest, so that steps are
 * even; counts of single topics by the longest that fits.
 */
function spanOf(
  { from, to }: RateQuery,
  stepMs: number,
  { topics, projects, within }: CheckedFilter,
): number {
  const kept = spans.filter(({ keptMs }) => from.getTime() > Date.now() - keptMs);
  const fitting = kept.filter(({ seconds }) => seconds * 1_000 <= stepMs);
  const isOfAll = (topics ?? projects ?? within?.topics ?? within?.projects ?? null) === null;
  const chosen = isOfAll ? fitting[0] : fitting.at(-1);
  if (chosen) return chosen.seconds;
  const least = kept[0]!.seconds;
  const most = Math.floor((to.getTime() - from.getTime()) / (least * 1_000));
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `Counts this old are kept by the ${least === 3_600 ? 'hour' : 'day'}: choose at most ${Math.max(most, 1)} steps, or a later or longer range.`,
  );
}

/** The beginnings of the steps and the end of the last, at multiples of the span; exact for 0. */
function boundsOf({ from, to, steps }: RateQuery, stepMs: number, span: number): Date[] {
  const [unit, start] = [span * 1_000 || 1, from.getTime()];
  const up = (ms: number) => Math.ceil(ms / unit) * unit;
  const inner = Array.from({ length: steps - 1 }, (_, n) => up(Math.round(start + (n + 1) * stepMs)));
  return [Math.floor(start / unit) * unit, ...inner, up(to.getTime())].map((ms) => new Date(ms));
}

async function readKept(
  database: Database,
  span: number,
  bounds: readonly Date[],
  { topics, projects, within }: CheckedFilter,
): Promise<ReadCounts['steps']> {
  const { steps, stored, recent } = await readCounts(database, { span, bounds, topics, projects, within });
  if (recent > limits.rateEntries)
    throw new ThroughlineError('OVERLOADED', 'The log is still being counted; try again in a minute.');
  if (stored > limits.rateRows)
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The range has more than ${limits.rateRows} counts of these topics and projects; choose a shorter range, longer steps or fewer topics.`,
    );
  return steps;
}

async function countInLog(
  database: Database,
  bounds: readonly Date[],
  filter: CheckedFilter,
  isOfEvents: boolean,
): Promise<readonly StepCounts[]> {
  const { steps, entries } = await readLogRates(database, bounds, filter, isOfEvents);
  const most = isOfEvents ? limits.rateFilteredEntries : limits.rateEntries;
  if (entries <= most) return steps;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    isOfEvents
      ? `The range has more than ${most} changes, which this filter would have to be tested on; choose a shorter range, or filter by topics and projects alone.`
      : `The range has more than ${most} changes; choose steps of a minute or more, or a shorter range.`,
  );
}

function ratesOf(bounds: readonly Date[], counts: readonly StepCounts[]): EventRate[] {
  const byStep = new Map(counts.map((count) => [count.step, count]));
  return bounds.slice(0, -1).map((at, n) => {
    const { sent = 0, finished = 0, failed = 0 } = byStep.get(n + 1) ?? {};
    return { at, sent: asInt(sent), finished: asInt(finished), failed: asInt(failed) };
  });
}

/** The largest number that GraphQL's Int holds. */
function asInt(count: number): number {
  return Math.min(count, 2_147_483_647);
}
