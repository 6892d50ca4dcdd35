// Lines to a standard stream that may be a pipe nobody reads: what waits to be read is bounded; lines beyond are dropped and counted.
import type { Writable } from 'node:stream';
import { limits } from './limits.ts';

/** Streams whose failure is passed over. */
const outlived = new WeakSet<Writable>();

export class BoundedOutput {
  readonly #stream: Writable;
  readonly #most: number;
  readonly #noteOf: (dropped: number) => string;
  #dropped = 0;

  /** `noteOf` makes the line that tells how many were dropped, once there is room again. */
  constructor(stream: Writable, noteOf: (dropped: number) => string, most: number = limits.logBytes) {
    this.#stream = stream;
    this.#noteOf = noteOf;
    this.#most = most;
    // A reader that has gone is no reason to end: the lines are lost, as they are where nobody reads.
    if (!outlived.has(stream)) stream.on('error', () => {});
    outlived.add(stream);
  }

  write(line: string): void {
    if (this.#isFull) this.#dropped += 1;
    else this.#stream.write(line, () => this.#taken());
  }

  /** Files and terminals take all at once. */
  get #isFull(): boolean {
    return this.#dropped > 0 || this.#stream.writableLength >= this.#most;
  }

  #taken(): void {
    if (this.#dropped === 0 || this.#stream.writableLength > 0) return;
    const note = this.#noteOf(this.#dropped);
    this.#dropped = 0;
    this.#stream.write(note);
  }
}

/** How long a process that ends waits for what it has written to be read, in milliseconds. */
const flushMs = 500;

/** Resolves when all that was written has been taken, or nobody took it in time. */
export async function flushed(stream: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve()).write('', () => resolve());
    setTimeout(resolve, flushMs).unref();
  });
}
