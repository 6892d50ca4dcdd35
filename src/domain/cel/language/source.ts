// The source of a filter, prepared for the library's parser: without comments, and with plain names for quoted ones.
import { CelProblem } from './problem.ts';
import { quotedName, tokensOf } from './tokens.ts';

export interface Source {
  /** Has the length of the original text, so that offsets are the same. */
  readonly plain: string;
  /** The name that a field of the parsed text stands for. */
  nameOf(field: string): string;
}

/** Throws a CelProblem for a token that CEL does not have. */
export function sourceOf(text: string): Source {
  if (!text.includes('`') && !text.includes('//')) return { plain: text, nameOf: (field) => field };
  const parts: string[] = [];
  const names = new Map<string, string>();
  let end = 0;
  let before = '';
  for (const token of tokensOf(text)) {
    parts.push(blank(text.slice(end, token.at)));
    const name = quotedName(token);
    if (name !== null && before !== '.')
      throw new CelProblem(token.at, 'a name in back quotes stands after a dot only');
    parts.push(name === null ? token.text : standIn(text, token.text.length, names, name));
    end = token.at + token.text.length;
    before = token.text;
  }
  parts.push(blank(text.slice(end)));
  return { plain: parts.join(''), nameOf: (field) => names.get(field) ?? field };
}

/** Blanks out white space and comments between tokens. */
function blank(between: string): string {
  return between.replace(/[^\n]/g, ' ');
}

/** A name of the given length that occurs nowhere else. */
function standIn(text: string, length: number, names: Map<string, string>, name: string): string {
  for (let n = 0; ; n += 1) {
    const made = `_${n.toString(36).padStart(length - 1, '_')}`;
    if (text.includes(made) || names.has(made)) continue;
    names.set(made, name);
    return made;
  }
}
