// Statements whose text is put together, but of few forms: each form is parsed and planned once for each connection.
import type { Statement } from './database.ts';

/** Forms that get a name; what comes after them is parsed each time, so that a server's memory for them has a bound. */
const most = 500;
const names = new Map<string, string>();

/** For statements whose best plan does not depend on their values: the server keeps one for all. */
export function prepared({ text, values }: Omit<Statement, 'name'>): Statement {
  const known = names.get(text);
  if (known === undefined && names.size >= most) return { text, values };
  const name = known ?? `form-${names.size + 1}`;
  names.set(text, name);
  return { text, values, name };
}
