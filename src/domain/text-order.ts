// The order of texts by their code points, as the database has it (`COLLATE "C"` of UTF-8) and as CEL defines it.

/** Below, at or above 0 as the first is less, equal or more. JavaScript's own `<` goes by UTF-16 units instead. */
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

/** A surrogate stands for a code point above all that one unit holds. */
function rank(unit: number): number {
  return unit >= firstSurrogate && unit < firstAfterSurrogates ? unit + 0x10000 : unit;
}
