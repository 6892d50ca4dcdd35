// The lines of a file or of standard input, one after the other, each of a bounded length.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { usageError } from '../failure.ts';

/** The longest line, in bytes: more than any event that a gateway takes. */
export const maxLineBytes = 8 * 1024 * 1024;

export interface Lines {
  /** With the number of each, from 1. Blank lines are left out. */
  readonly lines: AsyncIterable<{ readonly number: number; readonly text: string }>;
  /** The size of the file in bytes; undefined for standard input and pipes. */
  readonly totalBytes: number | undefined;
  /** How many bytes were read. */
  readonly readBytes: () => number;
}

/** `-` is standard input. */
export async function readLines(path: string): Promise<Lines> {
  const info = path === '-' ? undefined : await stat(path);
  if (info?.isDirectory()) throw usageError(`${path} is a folder.`);
  const source: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path);
  let read = 0;
  async function* split(): AsyncGenerator<{ number: number; text: string }> {
    let number = 0;
    for await (const line of linesOf(source, (bytes) => (read += bytes))) {
      number += 1;
      const text = line.toString('utf8').trim();
      if (text !== '') yield { number, text };
    }
  }
  return { lines: split(), totalBytes: info?.isFile() ? info.size : undefined, readBytes: () => read };
}

async function* linesOf(
  source: AsyncIterable<Buffer>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = () => {
    const line = Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of source) {
    onRead(chunk.length);
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(10, start);
      const part = chunk.subarray(start, end < 0 ? undefined : end);
      length += part.length;
      if (length > maxLineBytes)
        throw usageError(`A line has more than ${maxLineBytes} bytes.`, 'Give one JSON object a line.');
      parts.push(part);
      if (end < 0) break;
      yield take();
      start = end + 1;
    }
  }
  if (length > 0) yield take();
}
