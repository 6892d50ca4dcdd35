// Suggestions for misspelt words.

/** The nearest known word, or null: at most a third of the letters may differ, and one in a short word. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const folded = fold(word);
  let best: string | null = null;
  let distance = Math.max(1, Math.floor(folded.length / 3)) + 1;
  for (const candidate of known) {
    const between = editDistance(folded, fold(candidate), distance);
    if (between < distance) [best, distance] = [candidate, between];
  }
  return best;
}

/** The nearest words, at any distance. Only the first letters of long words are compared. */
export function nearestFew(word: string, known: Iterable<string>, count: number): string[] {
  const compared = (name: string) => fold(name.slice(0, 80));
  const folded = compared(word);
  const ranked = [...known].map((name) => ({ name, distance: editDistance(folded, compared(name)) }));
  ranked.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, count).map(({ name }) => name);
}

/** starts_with, STARTSWITH and startsWith fold to the same word. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll('_', '');
}

/** The number of letters inserted, deleted, replaced or swapped with the next, capped at `limit`. */
export function editDistance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let [older, old] = [[] as number[], Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = old[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, old[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, older[j - 2]! + 1);
      row.push(least);
    }
    [older, old] = [old, row];
  }
  return Math.min(old[b.length]!, limit);
}
