// How Postgres is to plan our statements: by index, row by row, since each of them knows the rows that it wants.

/**
 * Statements are prepared when tables may be empty, and their plans are kept while the tables grow: with these no plan
 * is made that reads, hashes or keeps a whole table or a whole index before it answers the first row. Compiling a plan
 * to machine code takes longer than any of them runs. What is left to say in the statements: an EXISTS is asked row by
 * row only if it ends with OFFSET 0; otherwise it may become a join, or a hash of everything that it could find.
 */
export const plannerSettings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  jit: 'off',
} as const;

/** As the `options` of a connection to a server; times are read as UTC. */
export const sessionOptions = Object.entries({ ...plannerSettings, TimeZone: 'UTC' })
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** As statements. */
export const plannerStatements = Object.entries(plannerSettings)
  .map(([name, value]) => `SET ${name} = ${value};`)
  .join(' ');
