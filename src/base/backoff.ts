// Retry delays: doubled after each failure up to a maximum, with jitter so that clients do not retry in unison.

/** The delay in milliseconds after the `failures`-th failure in a row (from 1): between half and all of the step. */
export function backoffMs(failures: number, firstMs: number, capMs: number): number {
  const step = Math.min(capMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return step / 2 + Math.random() * (step / 2);
}
