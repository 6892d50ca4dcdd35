// All of standard input, of a bounded length.
import { usageError } from '../failure.ts';

export async function readStandardInput(maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBytes) throw usageError(`Standard input has more than ${maxBytes} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
