// Text functions, `strings.*` and `base64.*`, as in cel-go's extensions. Offsets count characters.
import { celList } from '@bufbuild/cel';
import { afterCharacter, charactersOf, unitOf } from './characters.ts';
import { type Extension, method, namespaced } from './extension.ts';
import type { Meter } from '../meter.ts';
import type { Implementation } from '../language/run.ts';
import { Fault, isCelList, type Value } from './value.ts';

type OfText = (text: string, meter: Meter, at: number, rest: readonly Value[]) => Value | Fault | undefined;

function onText(apply: OfText): Implementation {
  return ([text, ...rest], meter, at) =>
    typeof text === 'string' ? apply(text, meter, at, rest) : undefined;
}

function outside(at: number): Fault {
  return new Fault(at, 'the offset is outside the text');
}

/** Searching can take time proportional to the product of both lengths. */
export function chargeSearch(text: string, part: string, meter: Meter): void {
  meter.charge((text.length >> 4) + (part.length > 250 ? (text.length * part.length) / 512 : 0));
}

const charAt: OfText = (text, meter, at, [index]) => {
  if (typeof index !== 'bigint') return undefined;
  const unit = unitOf(text, index, meter);
  if (unit === undefined) return outside(at);
  return unit === text.length ? '' : text.slice(unit, afterCharacter(text, unit));
};

const indexOf: OfText = (text, meter, at, [part, from = 0n]) => {
  if (typeof part !== 'string' || typeof from !== 'bigint') return undefined;
  const unit = unitOf(text, from, meter);
  if (unit === undefined || (unit === text.length && unit > 0 && part !== '')) return outside(at);
  chargeSearch(text, part, meter);
  return placeOf(text, text.indexOf(part, unit), meter);
};

const lastIndexOf: OfText = (text, meter, at, [part, from]) => {
  if (typeof part !== 'string' || (from !== undefined && typeof from !== 'bigint')) return undefined;
  const unit = from === undefined ? text.length : unitOf(text, from, meter);
  if (unit === undefined || (from !== undefined && unit === text.length && part !== '')) return outside(at);
  chargeSearch(text, part, meter);
  return placeOf(text, text.lastIndexOf(part, unit), meter);
};

function placeOf(text: string, unit: number, meter: Meter): bigint {
  return unit <= 0 ? BigInt(unit) : BigInt(charactersOf(text.slice(0, unit), meter));
}

const substring: OfText = (text, meter, at, [from, to]) => {
  if (typeof from !== 'bigint' || (to !== undefined && typeof to !== 'bigint')) return undefined;
  const start = unitOf(text, from, meter);
  const end = to === undefined ? text.length : unitOf(text, to, meter);
  return start === undefined || end === undefined || start > end ? outside(at) : text.slice(start, end);
};

/** With a limit, the last part is the rest of the text; a negative limit means all parts. */
const split: OfText = (text, meter, _at, [separator, count = -1n]) => {
  if (typeof separator !== 'string' || typeof count !== 'bigint') return undefined;
  if (count === 0n) return celList([]);
  chargeSearch(text, separator, meter);
  const most = count < 0n ? Infinity : Number(count);
  const parts: string[] = [];
  let after = 0;
  while (parts.length + 1 < most) {
    const end = endOfPart(text, separator, after);
    if (end < 0) break;
    meter.charge(2);
    parts.push(text.slice(after, end));
    after = end + separator.length;
  }
  return celList(separator === '' && text === '' ? [] : [...parts, text.slice(after)]);
};

/** An empty separator matches between any two characters; -1 for the last part. */
function endOfPart(text: string, separator: string, after: number): number {
  if (separator !== '') return text.indexOf(separator, after);
  const end = after < text.length ? afterCharacter(text, after) : -1;
  return end < text.length ? end : -1;
}

const join: Implementation = ([list, separator = ''], meter, at) => {
  if (!isCelList(list) || typeof separator !== 'string') return undefined;
  const texts: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') return new Fault(at, 'join() requires a list of strings');
    meter.charge(2 + ((item.length + separator.length) >> 3));
    texts.push(item);
  }
  return texts.join(separator);
};

/** The Unicode property White_Space. */
const whiteSpace = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const trim: OfText = (text, meter) => {
  let start = 0;
  let end = text.length;
  while (start < end && whiteSpace.test(text[start]!)) start += 1;
  while (end > start && whiteSpace.test(text[end - 1]!)) end -= 1;
  meter.charge(text.length - (end - start));
  return text.slice(start, end);
};

const reverse: OfText = (text, meter) => {
  meter.charge(text.length);
  return [...text].reverse().join('');
};

function onAscii(letters: RegExp, change: (letters: string) => string): Implementation {
  return onText((text, meter) => {
    meter.charge(text.length >> 1);
    return text.replace(letters, change);
  });
}

/** Like Go: an empty text matches before every character and at the end. */
const replace: OfText = (text, meter, _at, [from, to, times = -1n]) => {
  if (typeof from !== 'string' || typeof to !== 'string' || typeof times !== 'bigint') return undefined;
  chargeSearch(text, from, meter);
  const parts: string[] = [];
  let rest = times < 0n ? Infinity : Number(times);
  let after = 0;
  while (rest > 0) {
    const found =
      from === '' ? nextCharacter(text, parts.length === 0 ? -1 : after) : text.indexOf(from, after);
    if (found < 0) break;
    meter.charge(1 + (to.length >> 4));
    parts.push(text.slice(after, found), to);
    after = found + from.length;
    rest -= 1;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(after);
};

/** Offset of the character after the one at `unit`; 0 for -1, and -1 at the end. */
function nextCharacter(text: string, unit: number): number {
  if (unit < 0) return 0;
  return unit >= text.length ? -1 : afterCharacter(text, unit);
}

const encode: Implementation = ([bytes], meter) => {
  if (!(bytes instanceof Uint8Array)) return undefined;
  meter.charge(bytes.length >> 3);
  return Buffer.from(bytes).toString('base64');
};

/** Accepts padding, but does not require it. */
const decode: OfText = (text, meter, at) => {
  meter.charge(text.length >> 3);
  const digits = /^([A-Za-z0-9+/]*)={0,2}$/.exec(text)?.[1];
  if (digits === undefined || digits.length % 4 === 1) return new Fault(at, 'not valid base64');
  return new Uint8Array(Buffer.from(digits, 'base64'));
};

export const textFunctions: readonly Extension[] = [
  method('charAt', ['string', 'int'], 'string', onText(charAt)),
  method('indexOf', ['string', 'string'], 'int', onText(indexOf)),
  method('indexOf', ['string', 'string', 'int'], 'int', onText(indexOf)),
  method('lastIndexOf', ['string', 'string'], 'int', onText(lastIndexOf)),
  method('lastIndexOf', ['string', 'string', 'int'], 'int', onText(lastIndexOf)),
  method('substring', ['string', 'int'], 'string', onText(substring)),
  method('substring', ['string', 'int', 'int'], 'string', onText(substring)),
  method('split', ['string', 'string'], 'list', onText(split)),
  method('split', ['string', 'string', 'int'], 'list', onText(split)),
  method('replace', ['string', 'string', 'string'], 'string', onText(replace)),
  method('replace', ['string', 'string', 'string', 'int'], 'string', onText(replace)),
  method('join', ['list'], 'string', join),
  method('join', ['list', 'string'], 'string', join),
  method('trim', ['string'], 'string', onText(trim)),
  method('reverse', ['string'], 'string', onText(reverse)),
  method(
    'lowerAscii',
    ['string'],
    'string',
    onAscii(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  method(
    'upperAscii',
    ['string'],
    'string',
    onAscii(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  namespaced('base64.encode', ['bytes'], 'string', encode),
  namespaced('base64.decode', ['string'], 'bytes', onText(decode)),
];
