// A tokenizer for CEL, used to explain syntax errors.
import { CelProblem } from './problem.ts';

export interface Token {
  readonly kind: 'value' | 'word' | 'sign' | 'open' | 'close';
  readonly text: string;
  readonly at: number;
}

const space = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y;
const quoted =
  /(?:[rR][bB]?|[bB][rR]?)?(?:'''(?:\\[^]|[^\\])*?'''|"""(?:\\[^]|[^\\])*?"""|'(?:\\[^]|[^\\'\n])*'|"(?:\\[^]|[^\\"\n])*")/y;
const raw = /(?:[rR][bB]?|[bB][rR])(?:'''[^]*?'''|"""[^]*?"""|'[^'\n]*'|"[^"\n]*")/y;
const number = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?/y;
const word = /[A-Za-z_]\w*/y;
const inBackQuotes = /`[\w\-./ ]+`/y;
const sign = /&&|\|\||[=!<>]=|[-+*/%!<>?:.,]/y;

/** Operators of other languages, and their equivalents in CEL. */
const instead: readonly (readonly [RegExp, string, string])[] = [
  [/===/y, '===', '=='],
  [/!==/y, '!==', '!='],
  [/<>/y, '<>', '!='],
  [/=>/y, '=>', '>='],
  [/=<(?!=)/y, '=<', '<='],
  [/=~/y, '=~', 'matches()'],
  [/=(?!=)/y, '=', '=='],
  [/&(?!&)/y, '&', '&&'],
  [/\|(?!\|)/y, '|', '||'],
  [/~/y, '~', 'matches()'],
];

/** The name that a token in back quotes spells; null for other tokens. */
export function quotedName({ text }: Token): string | null {
  return text.startsWith('`') ? text.slice(1, -1) : null;
}

/** Throws a CelProblem for an unknown token or an unbalanced bracket. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const open: Token[] = [];
  for (let at = length(space, text, 0); at < text.length;) {
    const token = tokenAt(text, at);
    if (token.kind === 'open') open.push(token);
    if (token.kind === 'close') {
      const opening = open.pop();
      if (!opening) throw new CelProblem(at, `there is no bracket that this ${token.text} closes`);
      if (closing(opening) !== token.text)
        throw new CelProblem(at, `${opening.text} is closed by ${token.text}`, closing(opening));
    }
    tokens.push(token);
    at += token.text.length;
    at += length(space, text, at);
  }
  const unclosed = open.at(-1);
  if (unclosed) throw new CelProblem(unclosed.at, `this ${unclosed.text} is not closed`);
  return tokens;
}

function closing({ text }: Token): string {
  return text === '(' ? ')' : text === '[' ? ']' : '}';
}

function tokenAt(text: string, at: number): Token {
  const of = (kind: Token['kind'], size: number): Token => ({ kind, text: text.slice(at, at + size), at });
  const string = length(raw, text, at) || length(quoted, text, at);
  if (string > 0) {
    checkEscapes(text.slice(at, at + string), at);
    return of('value', string);
  }
  for (const [form, wrong, right] of instead)
    if (length(form, text, at) > 0) throw new CelProblem(at, `${wrong} is not an operator`, right);
  for (const [kind, form] of [
    ['value', number],
    ['word', word],
    ['word', inBackQuotes],
    ['sign', sign],
    ['open', /[([{]/y],
    ['close', /[)\]}]/y],
  ] as const) {
    const size = length(form, text, at);
    if (size > 0) return of(kind, size);
  }
  throw wrongSign(text, at);
}

function wrongSign(text: string, at: number): CelProblem {
  const found = String.fromCodePoint(text.codePointAt(at)!);
  if (found === '"' || found === "'") return new CelProblem(at, 'the text that begins here is not closed');
  if (found === '`')
    return new CelProblem(
      at,
      "a name in back quotes may contain letters, digits, spaces, _, -, . and /; write any other key as ['a+b']",
    );
  if (/[“”„«»‘’‚]/.test(found)) return new CelProblem(at, `${found} is not a quotation mark in CEL`, '"');
  return new CelProblem(at, `${JSON.stringify(found)} has no meaning here`);
}

const escape =
  /\\(?:[abfnrtv\\?"'`]|[xX][0-9a-fA-F]{2}|[uU](?:(?<=U)0000|(?<=u))([0-9a-fA-F]{4})|U00(?:0[1-9a-fA-F]|10)[0-9a-fA-F]{4}|[0-3][0-7]{2}|([^]))/g;

/** The parser accepts other escapes literally, or fails; the specification has only these. */
function checkEscapes(string: string, at: number): void {
  if (/^(?:[rR]|[bB][rR])/.test(string)) return;
  for (const { 0: whole, 1: unit, 2: unknown, index } of string.matchAll(escape)) {
    if (unit !== undefined && /^[dD][89a-fA-F]/.test(unit))
      throw new CelProblem(at + index, `${whole} is a lone surrogate, not a character`);
    if (unknown !== undefined)
      throw new CelProblem(
        at + index,
        `\\${unknown} is not an escape; write \\\\ for a backslash, or a raw string: r'\\d'`,
      );
  }
}

/** Length of the match of the sticky pattern at the offset; 0 if there is none. */
function length(form: RegExp, text: string, at: number): number {
  form.lastIndex = at;
  return form.exec(text)?.[0].length ?? 0;
}
