// Messages for syntax errors in CEL, since the parser reports little more than a position.
import { asError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../../base/text-length.ts';
import { CelProblem } from './problem.ts';
import { type Token, tokensOf } from './tokens.ts';

/** Checks what can be checked before parsing. Throws a CelProblem. */
export function checkText(text: string): void {
  if (isLongerThan(text, limits.celLength)) {
    throw new CelProblem(
      limits.celLength,
      `the filter has ${lengthOf(text)} characters; at most ${limits.celLength} are allowed`,
    );
  }
  const fault = text.isWellFormed() ? text.indexOf('\u0000') : text.search(/\p{Surrogate}/u);
  if (fault >= 0) throw new CelProblem(fault, 'this character is not valid');
}

const binary = ['&&', '||', '==', '!=', '<', '<=', '>', '>=', '+', '*', '/', '%', '?', ':', ','];
const words: ReadonlyMap<string, string> = new Map([
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
  ['is', '=='],
  ['eq', '=='],
  ['ne', '!='],
  ['like', 'matches()'],
]);
const reserved =
  /^(?:as|break|const|continue|else|for|function|if|import|in|let|loop|package|namespace|return|var|void|while)$/;

export function syntaxProblem(text: string, thrown: unknown): CelProblem {
  try {
    const tokens = tokensOf(text);
    if (thrown instanceof RangeError || tooDeep(tokens))
      return new CelProblem(
        tooDeep(tokens)?.at ?? 0,
        `the filter is nested deeper than ${limits.celDepth} levels`,
      );
    if (tokens.length === 0)
      return new CelProblem(0, 'the filter contains only comments; leave it empty to match all events');
    for (let n = 0; n < tokens.length; n += 1) {
      const problem = problemBetween(tokens[n - 1], tokens[n]!, tokens[n + 1]);
      if (problem) return problem;
    }
    const last = tokens.at(-1)!;
    if (isBinary(last) || isMinus(last) || last.text === '!' || last.text === '.' || last.text === 'in')
      return new CelProblem(last.at, `a value is missing after ${last.text}`);
  } catch (error) {
    if (error instanceof CelProblem) return error;
    throw error;
  }
  return fromParser(text, thrown);
}

function problemBetween(
  before: Token | undefined,
  token: Token,
  after: Token | undefined,
): CelProblem | undefined {
  const { at, text } = token;
  const startsValue =
    !before || isBinary(before) || before.kind === 'open' || isMinus(before) || before.text === '!';
  if (token.kind === 'word' && before?.text !== '.') {
    const operator = words.get(text.toLowerCase());
    if (operator && (startsValue ? text === 'not' && after?.kind === 'word' : after !== undefined))
      return new CelProblem(at, `${text} is not an operator`, operator);
    if (text === 'in' ? startsValue : reserved.test(text))
      return new CelProblem(at, `${text} is a reserved word and cannot be a name`);
  }
  if (before?.text === '.' && token.kind !== 'word')
    return new CelProblem(before.at, 'a name is missing after the dot');
  if (before?.text === '.' && reserved.test(text) && text === 'in')
    return new CelProblem(at, "in is a reserved word; as a key it is written ['in']");
  if (isBinary(token) && startsValue && before?.text !== ',') {
    return before && before.kind !== 'open'
      ? new CelProblem(before.at, `a value is missing after ${before.text}`)
      : new CelProblem(at, `a value is missing before ${text}`);
  }
  if (token.kind === 'close' && before && (isBinary(before) || isMinus(before)) && before.text !== ',')
    return new CelProblem(before.at, `a value is missing after ${before.text}`);
  const endsValue = before && (before.kind === 'value' || before.kind === 'close' || isName(before));
  if (endsValue && (token.kind === 'value' || isName(token)))
    return new CelProblem(at, `an operator is missing before ${text.slice(0, 40)}`);
  return undefined;
}

function isBinary({ kind, text }: Token): boolean {
  return kind === 'sign' && binary.includes(text);
}

function isMinus({ kind, text }: Token): boolean {
  return kind === 'sign' && text === '-';
}

function isName({ kind, text }: Token): boolean {
  return kind === 'word' && text !== 'in';
}

/** The first bracket nested more deeply than allowed. */
function tooDeep(tokens: readonly Token[]): Token | undefined {
  let depth = 0;
  return tokens.find(({ kind }) => {
    depth += kind === 'open' ? 1 : kind === 'close' ? -1 : 0;
    return depth > limits.celDepth;
  });
}

/** Translates a parser error, which has a position and says whether a token was found there. */
function fromParser(text: string, thrown: unknown): CelProblem {
  const { location } = thrown as { location?: { start?: { offset?: number } } };
  const at = location?.start?.offset;
  if (at === undefined) return new CelProblem(0, 'the filter is not valid CEL');
  if (at >= text.length) return new CelProblem(text.length, 'the filter ends where something is missing');
  const said = /reserved \w+/.exec(asError(thrown).message)?.[0];
  const found = JSON.stringify(/^\w+|^[^]/u.exec(text.slice(at))![0]);
  return new CelProblem(at, said ? `${found} is a ${said}` : `${found} is not expected here`);
}
