// Ids of what is stored: UUIDs of version 7, which sort by time, and those of one process by the order in which they were made.
import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** A draw of random bytes takes longer than all the rest of an id: they are drawn for so many at once. */
const drawnAtOnce = 256;
const bytesOfOne = 16;
const pool = new Uint8Array(drawnAtOnce * bytesOfOne);
let used = pool.length;
/** Of the last id: its time, and its place among those of that time. */
let msecs = 0;
let seq = 0;

export function newId(): string {
  const random = nextRandom();
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    // Positive, so that there is room for those that follow in the same millisecond.
    seq = ((random[6]! & 0x7f) << 24) | (random[7]! << 16) | (random[8]! << 8) | random[9]!;
  } else {
    seq = (seq + 1) | 0;
    if (seq === 0) msecs += 1;
  }
  return uuidv7({ random, msecs, seq });
}

function nextRandom(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.subarray(used, (used += bytesOfOne));
}
