// Postgres planner settings that favour index scans and row-by-row plans, which suit all our statements.
import type { Statement } from './database.ts';

/**
 * Statements are prepared when tables may be empty, and their plans are kept while the tables grow. These settings
 * rule out plans that scan, hash or sort a whole table or index before the first row. JIT compilation takes longer
 * than any of our statements. Some settings restate Postgres' defaults, which a database or role may override. One
 * thing must be said in the statements: an EXISTS stays a per-row subquery only with OFFSET 0; otherwise it may
 * become a join or a hash.
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

/** Whether a plan is made for the given values, or the cached generic plan is used. */
export type PlanMode = 'auto' | 'force_generic_plan';

/**
 * By default Postgres replans many named statements for each execution, because it overestimates the benefit of
 * custom plans. For a few rows, planning takes several times as long as execution.
 */
export function planModeOf({ name }: Statement): PlanMode {
  return name === undefined ? 'auto' : 'force_generic_plan';
}

/** Applies to the session from now on. */
export function settingOf(mode: PlanMode): string {
  return `SET plan_cache_mode = ${mode}`;
}
