// Pauses between attempts.

const firstMs = 100;
const longestMs = 10_000;

/** The pause before a further attempt, in milliseconds: it doubles from 100 ms to 10 s, and half of it is random. */
export function backoffMs(failures: number): number {
  const longest = Math.min(firstMs * 2 ** Math.max(0, failures - 1), longestMs);
  // Random, since all clients lose their gateway at once and must not all return at once.
  return Math.round(longest * (0.5 + Math.random() / 2));
}

/** Resolves after `ms` milliseconds, or early once the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
