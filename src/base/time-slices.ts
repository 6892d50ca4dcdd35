// Time slices of the event loop: long work pauses after each slice, so that other work can run.

/** How long paced work may block the event loop, in milliseconds. */
const sliceMs = 10;

/** Turns of the event loop between two slices. A request takes a few from its first byte to its answer. */
const turnsBetween = 3;

/** Start of the current slice; undefined until paced work asks for one. */
let began: number | undefined;

/** Work that waits for a slice, in order of arrival, with one immediate each. */
const waiting: (() => void)[] = [];

/** All paced work shares one slice, so that many callers together block no longer than one. */
function isSliceOver(): boolean {
  const now = performance.now();
  if (began === undefined) {
    began = now;
    setImmediate(endSlice, turnsBetween);
  }
  return now - began >= sliceMs;
}

/** Called at the end of a turn of the event loop: a used-up slice is followed by turns without paced work. */
function endSlice(turns: number): void {
  if (turns > 0 && isSliceOver()) setImmediate(endSlice, turns - 1);
  else began = undefined;
}

function resumeNext(): void {
  if (isSliceOver()) setImmediate(resumeNext);
  else waiting.shift()?.();
}

/**
 * Call this before each step of long work. Returns undefined during the slice, so that the work continues at once;
 * otherwise a promise that resolves at the next slice.
 */
export function pauseIfDue(): Promise<void> | undefined {
  if (!isSliceOver()) return undefined;
  return new Promise((resolve) => {
    waiting.push(resolve);
    setImmediate(resumeNext);
  });
}

/** Runs `work` on each item in order, and pauses after each slice. */
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
