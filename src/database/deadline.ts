// Asking with a deadline, for questions that must be answered in bounded time.

/** What `work` comes to, or `late` if it takes longer than `ms`; the work itself goes on. Passes on its failure. */
export async function within<T, Late>(ms: number, work: Promise<T>, late: Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<Late>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds in which `reachable()` must answer, with a margin below its two seconds. */
export const reachableMs = 1_800;

/** Whether `ask` succeeds in that time; never throws. */
export async function answersInTime(ask: () => Promise<unknown>): Promise<boolean> {
  const answer = ask().then(
    () => true,
    () => false,
  );
  return within(reachableMs, answer, false);
}
