// A bounded buffer for a standard stream that may be a pipe nobody reads. Lines beyond the bound are dropped and
// counted.
import type { Writable } from 'node:stream';
import { limits } from './limits.ts';

/** Streams with an error listener. */
const outlived = new WeakSet<Writable>();

export class BoundedOutput {
  readonly #stream: Writable;
  readonly #most: number;
  readonly #noteOf: (dropped: number) => string;
  #dropped = 0;

  /** `noteOf` formats the line that reports dropped lines once there is room again. */
  constructor(stream: Writable, noteOf: (dropped: number) => string, most: number = limits.logBytes) {
    this.#stream = stream;
    this.#noteOf = noteOf;
    this.#most = most;
    // A closed pipe does not end the process; its lines are lost.
    if (!outlived.has(stream)) stream.on('error', () => {});
    outlived.add(stream);
  }

  write(line: string): void {
    if (this.#isFull) this.#dropped += 1;
    else this.#stream.write(line, () => this.#taken());
  }

  /** Files and terminals never fill up. */
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

/** How long an exiting process waits for its output to be read, in milliseconds. */
const flushMs = 500;

/** Resolves when all output was read, or after `flushMs`. */
export async function flushed(stream: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve()).write('', () => resolve());
    setTimeout(resolve, flushMs).unref();
  });
}
