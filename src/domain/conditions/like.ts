// SQL's LIKE in process: % matches any run of characters, _ one character, and a backslash escapes the next.
import type { Meter } from '../cel/meter.ts';

/** From this length on, text is folded as bytes. Folding a megabyte by characters takes a tenth of a second. */
const longText = 1_000;

/** Lowercases A to Z only, like SQL's `lower` in the collation "C". */
export function foldCase(text: string): string {
  if (!/[A-Z]/.test(text)) return text;
  if (text.length < longText) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  // No byte of another UTF-8 character looks like one of these letters.
  const bytes = Buffer.from(text);
  for (let n = 0; n < bytes.length; n += 1) {
    const byte = bytes[n]!;
    if (byte >= 0x41 && byte <= 0x5a) bytes[n] = byte + 0x20;
  }
  return bytes.toString();
}

/** The part between two %: a text, or if it has a _, its characters, null for any one. */
type Segment = string | readonly (string | null)[];

/** A parsed pattern. It must not end with an unfinished escape. */
export class LikePattern {
  readonly #segments: readonly Segment[];

  constructor(pattern: string) {
    this.#segments = segmentsOf(pattern);
  }

  /** Charges the approximate cost. After a mismatch only the last % is extended. */
  test(text: string, meter: Meter): boolean {
    const [first, ...others] = this.#segments;
    const last = others.pop();
    let at = matchAt(text, 0, first!, meter);
    if (last === undefined) return at === text.length;
    for (const segment of others) {
      if (at < 0) return false;
      at = find(text, at, segment, meter);
    }
    return at >= 0 && endsWith(text, at, last, meter);
  }
}

function segmentsOf(pattern: string): Segment[] {
  const segments: (string | null)[][] = [[]];
  for (const [sign] of pattern.matchAll(/\\?./gsu)) {
    if (sign === '%') segments.push([]);
    else segments.at(-1)!.push(sign === '_' ? null : sign.replace(/^\\/, ''));
  }
  return segments.map((segment) => (segment.includes(null) ? segment : segment.join('')));
}

/** The end of the segment that begins at `at`; -1 if it does not match there. */
function matchAt(text: string, at: number, segment: Segment, meter: Meter): number {
  if (typeof segment === 'string') {
    meter.charge(1 + segment.length / 100);
    return text.startsWith(segment, at) ? at + segment.length : -1;
  }
  let place = at;
  let compared = 0;
  for (const character of segment) {
    compared += 1;
    if (place >= text.length) place = -1;
    else if (character === null) place += widthAt(text, place);
    else place = text.startsWith(character, place) ? place + character.length : -1;
    if (place < 0) break;
  }
  meter.charge(compared / 10);
  return place;
}

/** The end of the first match from `at` on; -1 if there is none. */
function find(text: string, at: number, segment: Segment, meter: Meter): number {
  if (typeof segment === 'string') {
    const found = text.indexOf(segment, at);
    meter.charge(1 + ((found < 0 ? text.length : found) - at + segment.length) / 16);
    return found < 0 ? -1 : found + segment.length;
  }
  for (let start = at; start < text.length; start += widthAt(text, start)) {
    const end = matchAt(text, start, segment, meter);
    if (end >= 0) return end;
  }
  return -1;
}

/** Whether the text ends with the segment, which must not begin before `at`. */
function endsWith(text: string, at: number, segment: Segment, meter: Meter): boolean {
  if (typeof segment === 'string') {
    meter.charge(1 + segment.length / 100);
    return text.length - segment.length >= at && text.endsWith(segment);
  }
  let place = text.length;
  for (let n = segment.length - 1; n >= 0; n -= 1) {
    meter.charge(0.1);
    const character = segment[n]!;
    const width = character === null ? widthBefore(text, place) : character.length;
    place -= width;
    if (place < at || (character !== null && !text.startsWith(character, place))) return false;
  }
  return true;
}

/** The length of the character at an offset, in code units. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** The length of the character before an offset, in code units. */
function widthBefore(text: string, end: number): number {
  return end > 1 && (text.codePointAt(end - 2) ?? 0) > 0xffff ? 2 : 1;
}
