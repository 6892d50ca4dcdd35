// SQL's LIKE in process: % for any run of characters, _ for one, a backslash before what stands for itself.

/** Letters A to Z become small, and no others: what SQL's `lower` does in the collation "C". */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * At a mismatch only the last % takes one character more: never worse than the product of the two lengths. The pattern
 * does not end with a backslash that escapes nothing.
 */
export function isLike(text: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  /** After the last % so far, and where in the text what follows it was tried. */
  let retry: { readonly place: number; at: number } | undefined;
  while (at < text.length) {
    const sign = pattern[place];
    const literal = sign === '\\' ? place + 1 : place;
    if (sign === '%') {
      place += 1;
      retry = { place, at };
    } else if (sign === '_') {
      place += 1;
      at += widthAt(text, at);
    } else if (pattern[literal] === text[at]) {
      place = literal + 1;
      at += 1;
    } else if (retry) {
      retry.at += widthAt(text, retry.at);
      ({ place, at } = retry);
    } else {
      return false;
    }
  }
  return /^%*$/.test(pattern.slice(place));
}

/** Code units of the character there. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
