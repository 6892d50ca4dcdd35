// Which parts of a filter look at what may be large (payload, summary, description), and at what cost.
import { type CheckedConditions, isGroup, join } from './conditions.ts';
import type { CheckedFilter } from './checked-filter.ts';

/** What one LIKE costs beside its pattern, as characters of patterns: the text is read and folded for each. */
const likeCharacters = 20;
/** Characters of patterns, all together, up to which the database tests them: beyond, one event could hold it up for long. */
const mostLikeCharacters = 200;

export interface CostlyConditions {
  /** What must hold for the conditions to hold, of what looks at small values alone; null where nothing must. */
  readonly cheap: CheckedConditions | null;
  /** How many tests look at large values. */
  readonly tests: number;
  /** What the database may decide: all, or where that could hold it up for long, only what is cheap. */
  readonly inDatabase: CheckedConditions | null;
  /** What is left to be tested in process, where the steps of a test are counted; null for nothing. */
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
  /** The filter without what looks at large values. */
  readonly cheap: CheckedFilter;
  /** The filter with what the database may decide. */
  readonly inDatabase: CheckedFilter;
  /** How many tests look at large values there. */
  readonly tests: number;
  /** What is left to be tested in process. */
  readonly inProcess: Pick<CheckedFilter, 'conditions' | 'where'>;
}

/** Null where nothing in the filter looks at large values. */
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
