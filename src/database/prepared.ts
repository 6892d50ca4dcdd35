// Names for statements with generated text of few variants, so that each variant is planned once per connection.
import type { Statement } from './database.ts';

/** Variants with a name. Further ones are parsed each time, which bounds the server's memory. */
const most = 500;
const names = new Map<string, string>();

/** For statements whose best plan does not depend on their values, since all values share one plan. */
export function prepared({ text, values }: Omit<Statement, 'name'>): Statement {
  const known = names.get(text);
  if (known === undefined && names.size >= most) return { text, values };
  const name = known ?? `form-${names.size + 1}`;
  names.set(text, name);
  return { text, values, name };
}
