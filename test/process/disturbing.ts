// What goes wrong while others work: again and again, at random moments, for a time.
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';

/** For so many milliseconds, after pauses of up to so many. */
export async function again(
  forMs: number,
  maxPauseMs: number,
  random: Random,
  disturb: () => Promise<void>,
): Promise<void> {
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    await delay(maxPauseMs * random());
    await disturb();
  }
}
