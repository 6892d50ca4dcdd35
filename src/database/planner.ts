// How Postgres is to plan our statements: by index, row by row, since each of them knows the rows that it wants.

/**
 * Statements are prepared when tables may be empty, and their plans are kept while the tables grow: with these no plan
 * is made that reads or hashes a whole table. Compiling a plan to machine code takes longer than any of them runs.
 */
export const plannerSettings = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
} as const;

/** As the `options` of a connection to a server. */
export const plannerOptions = Object.entries(plannerSettings)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** As statements. */
export const plannerStatements = Object.entries(plannerSettings)
  .map(([name, value]) => `SET ${name} = ${value};`)
  .join(' ');
