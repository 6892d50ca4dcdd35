// Ids of stored objects: UUIDs of version 7, which sort by time and, within one process, by order of creation.
import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** Random bytes are drawn for this many ids at once; drawing them is the most expensive part of an id. */
const drawnAtOnce = 256;
const bytesOfOne = 16;
const pool = new Uint8Array(drawnAtOnce * bytesOfOne);
let used = pool.length;
/** The time of the last id, and its sequence number within that millisecond. */
let msecs = 0;
let seq = 0;

export function newId(): string {
  const random = nextRandom();
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    // The top bit is zero, so that later ids of the same millisecond fit.
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
