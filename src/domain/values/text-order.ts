// The order of texts by code points, as in the database (`COLLATE "C"` of UTF-8) and in CEL.

/**
 * Negative, 0 or positive if the first text is less than, equal to or greater than the second. JavaScript's `<` compares
 * UTF-16 units instead.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

const firstSurrogate = 0xd800;
const firstAfterSurrogates = 0xe000;

/** Surrogates rank above all other units, because they stand for higher code points. */
function rank(unit: number): number {
  return unit >= firstSurrogate && unit < firstAfterSurrogates ? unit + 0x10000 : unit;
}
