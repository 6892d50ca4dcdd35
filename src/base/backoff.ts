// How long to wait before trying again: doubled each time up to a ceiling, with jitter so that many do not come at once.

/** In milliseconds, for the `failures`-th failure in a row (from 1): between half of the step and the whole of it. */
export function backoffMs(failures: number, firstMs: number, ceilingMs: number): number {
  const step = Math.min(ceilingMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return step / 2 + Math.random() * (step / 2);
}
