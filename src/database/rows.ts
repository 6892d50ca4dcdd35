// Rows of a server as objects by the names of their columns.

/** From so many properties on, an object that gets one after the other becomes a dictionary, slow to make and to read. */
const many = 16;
/** Lists of columns of which it is kept how an object with all of them looks, at most. */
const mostKept = 500;
const kept = new Map<string, object>();

export function asObjects(
  fields: readonly { readonly name: string }[],
  rows: readonly (readonly unknown[])[],
): object[] {
  if (rows.length === 0) return [];
  const names = fields.map(({ name }) => name);
  const empty = names.length < many ? {} : emptyRow(names);
  return rows.map((values) => {
    const row: Record<string, unknown> = { ...empty };
    for (let n = 0; n < names.length; n += 1) row[names[n]!] = values[n];
    return row;
  });
}

/** With all properties from the start, as JSON.parse makes them. */
function emptyRow(names: readonly string[]): object {
  const key = names.join();
  const known = kept.get(key);
  if (known || kept.size >= mostKept) return known ?? {};
  const made = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as object;
  kept.set(key, made);
  return made;
}
