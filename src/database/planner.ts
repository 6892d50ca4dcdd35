// How Postgres is to plan our statements: by index, row by row, since each of them knows the rows that it wants.
import type { Statement } from './database.ts';

/**
 * Statements are prepared when tables may be empty, and their plans are kept while the tables grow: with these no plan
 * is made that reads, hashes or keeps a whole table or a whole index before it answers the first row. Compiling a plan
 * to machine code takes longer than any of them runs. Some have Postgres' defaults: a database or a role may have others. What is left to say in the statements: an EXISTS is asked row by
 * row only if it ends with OFFSET 0; otherwise it may become a join, or a hash of everything that it could find.
 */
export const plannerSettings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  enable_indexscan: 'on',
  enable_indexonlyscan: 'on',
  enable_nestloop: 'on',
  enable_sort: 'on',
  enable_incremental_sort: 'on',
  enable_hashagg: 'on',
  from_collapse_limit: '8',
  join_collapse_limit: '8',
  jit: 'off',
} as const;

/** Whether the plan is made for the values that are given, or is the one that is kept. */
export type PlanMode = 'auto' | 'force_generic_plan';

/**
 * Left to itself Postgres plans many statements that have a name anew each time, which can take it several times as long
 * as to carry them out for a few rows: it takes the plans for given values to be much the better ones.
 */
export function planModeOf({ name }: Statement): PlanMode {
  return name === undefined ? 'auto' : 'force_generic_plan';
}

/** For what the session asks from now on. */
export function settingOf(mode: PlanMode): string {
  return `SET plan_cache_mode = ${mode}`;
}
