// Creates row objects from column names and values.

/** V8 turns an object that receives this many properties one by one into a slow dictionary. */
const many = 16;
/** Column lists whose empty row is cached. */
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

/** Has all properties from the start, as JSON.parse creates them. */
function emptyRow(names: readonly string[]): object {
  const key = names.join();
  const known = kept.get(key);
  if (known || kept.size >= mostKept) return known ?? {};
  const made = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as object;
  kept.set(key, made);
  return made;
}
