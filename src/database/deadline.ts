// Promises with a deadline.

/**
 * The result of `work`, or `late` if it takes longer than `ms`. The work itself continues. Its failure is passed on.
 */
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

/** Deadline of `reachable()` in milliseconds, with a margin below its two seconds. */
export const reachableMs = 1_800;

/** Whether `ask` succeeds before that deadline. Never throws. */
export async function answersInTime(ask: () => Promise<unknown>): Promise<boolean> {
  const answer = ask().then(
    () => true,
    () => false,
  );
  return within(reachableMs, answer, false);
}
