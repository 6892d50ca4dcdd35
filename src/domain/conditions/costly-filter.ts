// Splits a filter into cheap parts and parts that read large fields: payload, summary and description.
import { type CheckedConditions, isGroup, join } from './conditions.ts';
import type { CheckedFilter } from './checked-filter.ts';

/** The fixed cost of one LIKE, in characters of pattern: the text is read and case-folded for each. */
const likeCharacters = 20;
/**
 * The database evaluates LIKE patterns up to this total length. Longer ones could block it for too long on one event.
 */
const mostLikeCharacters = 200;

export interface CostlyConditions {
  /** Necessary conditions on small fields; null if there are none. */
  readonly cheap: CheckedConditions | null;
  /** The number of tests on large fields. */
  readonly tests: number;
  /**
   * The conditions for the database: all of them, or only the cheap ones if the others could block it for too long.
   */
  readonly inDatabase: CheckedConditions | null;
  /** The remaining conditions, tested in process with metered steps; null if none remain. */
  readonly inProcess: CheckedConditions | null;
}

export function costlyConditions(conditions: CheckedConditions | null): CostlyConditions {
  if (conditions === null) return { cheap: null, tests: 0, inDatabase: null, inProcess: null };
  const { tests, likeCharacters } = costsOf(conditions);
  const cheap = cheapPart(conditions);
  return likeCharacters > mostLikeCharacters
    ? { cheap, tests, inDatabase: cheap, inProcess: conditions }
    : { cheap, tests, inDatabase: conditions, inProcess: null };
}

export interface CostlyFilter {
  /** The filter without tests on large fields. */
  readonly cheap: CheckedFilter;
  /** The filter for the database. */
  readonly inDatabase: CheckedFilter;
  /** The number of tests on large fields in `inDatabase`. */
  readonly tests: number;
  /** The part that is tested in process. */
  readonly inProcess: Pick<CheckedFilter, 'conditions' | 'where'>;
}

/** Null if the filter reads no large fields. */
export function costlyFilter(filter: CheckedFilter): CostlyFilter | null {
  const { words, where } = filter;
  const { cheap, tests, inDatabase, inProcess } = costlyConditions(filter.conditions);
  if (tests + words.length === 0 && where === null) return null;
  return {
    cheap: { ...filter, where: null, words: [], conditions: cheap },
    inDatabase: { ...filter, where: null, conditions: inDatabase },
    tests: tests + words.length,
    inProcess: { conditions: inProcess, where },
  };
}

interface Costs {
  readonly tests: number;
  readonly likeCharacters: number;
}

const none: Costs = { tests: 0, likeCharacters: 0 };

function costsOf(checked: CheckedConditions): Costs {
  if (isGroup(checked)) {
    return checked.conditions.map(costsOf).reduce((sum, costs) => ({
      tests: sum.tests + costs.tests,
      likeCharacters: sum.likeCharacters + costs.likeCharacters,
    }));
  }
  if ('field' in checked && checked.field !== 'description') return none;
  const isLike = checked.comparison === 'LIKE';
  return { tests: 1, likeCharacters: isLike ? likeCharacters + checked.value.length : 0 };
}

function cheapPart(conditions: CheckedConditions): CheckedConditions | null {
  const members = isGroup(conditions) && conditions.operator === 'AND' ? conditions.conditions : [conditions];
  return join(
    'AND',
    members.filter((member) => costsOf(member).tests === 0),
  );
}
