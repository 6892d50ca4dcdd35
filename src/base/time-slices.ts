// The event loop, shared in time slices: long work pauses when a slice is over, so that others are served in between.

/** How long paced work may hold the event loop before others have their turn, in milliseconds. */
const sliceMs = 10;

/** Turns of the event loop between two slices: a request takes a few from its first byte to its answer. */
const turnsBetween = 3;

/** When the present slice began; undefined until paced work asks. */
let began: number | undefined;

/** Work that waits for a slice, first come, first served. For each there is one immediate. */
const waiting: (() => void)[] = [];

/** There is one slice for all paced work together, so that many callers hold the event loop no longer than one. */
function isSliceOver(): boolean {
  const now = performance.now();
  if (began === undefined) {
    began = now;
    setImmediate(endSlice, turnsBetween);
  }
  return now - began >= sliceMs;
}

/** At the end of a turn of the event loop: a slice that was used up is followed by turns without paced work. */
function endSlice(turns: number): void {
  if (turns > 0 && isSliceOver()) setImmediate(endSlice, turns - 1);
  else began = undefined;
}

function resumeNext(): void {
  if (isSliceOver()) setImmediate(resumeNext);
  else waiting.shift()?.();
}

/**
 * To be called before each step of long work. Undefined while the slice lasts: then the work goes on at once. Otherwise
 * resolves when the work has its next slice.
 */
export function pauseIfDue(): Promise<void> | undefined {
  if (!isSliceOver()) return undefined;
  return new Promise((resolve) => {
    waiting.push(resolve);
    setImmediate(resumeNext);
  });
}

/** Runs `work` on each item, in order, pausing where a slice is over. */
export async function mapInSlices<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    const pause = pauseIfDue();
    if (pause !== undefined) await pause;
    results.push(work(item));
  }
  return results;
}
