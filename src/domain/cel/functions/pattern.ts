// RE2 regular expressions, with matching time linear in the text, and a cache of compiled ones.
import { RE2JS } from '@bufbuild/re2';
import { LRUCache } from 'lru-cache';
import { limits } from '../../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../../base/text-length.ts';
import { asError } from '../../../base/errors.ts';
import type { Meter } from '../meter.ts';

/** Compiled states that a pattern keeps for the next text. A state can take more than a kilobyte. */
const keptStates = 100;

export class Pattern {
  #compiled: RE2JS;
  readonly #instructions: number;

  /** Throws an Error that says what is wrong with the pattern. */
  constructor(source: string) {
    if (isLongerThan(source, limits.celPatternLength)) {
      throw new Error(
        `the pattern has ${lengthOf(source)} characters; at most ${limits.celPatternLength} are allowed`,
      );
    }
    if (patternSize(source) > limits.celPatternSize)
      throw new Error('the pattern is too large with its repetitions expanded');
    this.#compiled = compiled(source);
    this.#instructions = this.#compiled.re2().prog.inst.length;
  }

  /** Number of compiled states kept. */
  get states(): number {
    return this.#compiled.re2().dfa.stateCount;
  }

  test(text: string, meter: Meter): boolean {
    meter.charge(5 + Math.ceil(text.length * this.#instructions * 0.5));
    const found = this.#compiled.test(text);
    if (this.states > keptStates) this.#compiled = compiled(this.#compiled.pattern());
    return found;
  }
}

const unsupported: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-ahead and look-behind are not available in RE2'],
  [/\\[1-9]|\\k</, 'back references are not available in RE2'],
];

function compiled(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const { message } = asError(error);
    const [, why] = unsupported.find(([form]) => form.test(message)) ?? [];
    throw new Error(why ?? message.replace(/^error parsing regexp: /, ''));
  }
}

const dynamic = new LRUCache<string, Pattern>({ max: limits.celPatterns });

/** A pattern taken from an event. */
export function dynamicPattern(source: string, meter: Meter): Pattern {
  const known = dynamic.get(source);
  if (known) return known;
  meter.charge(100 + 20 * Math.min(patternSize(source), limits.celPatternSize));
  const pattern = new Pattern(source);
  dynamic.set(source, pattern);
  return pattern;
}

/** Number of compiled patterns in the cache. */
export function keptPatterns(): number {
  return dynamic.size;
}

const part =
  /\\Q.*?(?:\\E|$)|\\[pP](?:\{[^}]*\}|.)|\\.|\[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|[^]/gsu;

/** A lower bound of the instructions after repetitions are expanded, computed without compiling. */
export function patternSize(source: string): number {
  const open: { whole: number; last: number }[] = [];
  let level = { whole: 0, last: 0 };
  const add = (size: number) => {
    level.whole += size;
    level.last = size;
  };
  for (const [text, from, to] of source.matchAll(part)) {
    const enclosing = text === ')' ? open.pop() : undefined;
    if (from !== undefined) {
      const times = Math.max(1, Number(from), Number(to || 0));
      level.whole += level.last * (times - 1);
      level.last *= times;
    } else if (text === '(') {
      open.push(level);
      level = { whole: 0, last: 0 };
    } else if (enclosing) {
      const size = level.whole + 2;
      level = enclosing;
      add(size);
    } else {
      add(/\\[pP]/.test(text) ? 20 * text.split(/\\[pP]/).length : text.length);
    }
    if (level.whole > 1e9) return Infinity;
  }
  return open.reduce((sum, { whole }) => sum + whole, level.whole);
}
