// Reads the reference page of limits.

export interface Limit {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

/** The rows of its table. */
export function limitsOf(page: string): readonly Limit[] {
  return page.split('\n').flatMap((line) => {
    const row = /^\| `(\w+)` \| ([^|]+) \| (.*) \|$/.exec(line);
    return row ? [{ name: row[1]!, value: row[2]!.trim(), meaning: row[3]!.replaceAll('`', '') }] : [];
  });
}
