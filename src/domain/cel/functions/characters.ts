// Texts by characters, which are code points: their number, and their offsets in UTF-16 units.
import type { Meter } from '../meter.ts';

const surrogate = /[\ud800-\udfff]/;
const pair = /[\ud800-\udbff][\udc00-\udfff]/g;

/** The number of characters. */
export function charactersOf(text: string, meter: Meter): number {
  meter.charge(text.length >> 4);
  if (!surrogate.test(text)) return text.length;
  let pairs = 0;
  for (const _pair of text.matchAll(pair)) {
    meter.charge(1);
    pairs += 1;
  }
  return text.length - pairs;
}

/** The unit at which a character begins; undefined if the text is shorter. */
export function unitOf(text: string, character: bigint, meter: Meter): number | undefined {
  if (character < 0n || character > BigInt(text.length)) return undefined;
  const count = Number(character);
  meter.charge(count >> 3);
  let unit = 0;
  for (let n = 0; n < count; n += 1) {
    if (unit >= text.length) return undefined;
    unit = afterCharacter(text, unit);
  }
  return unit;
}

/** The unit after the character at `unit`. */
export function afterCharacter(text: string, unit: number): number {
  return unit + (text.codePointAt(unit)! > 0xffff ? 2 : 1);
}
