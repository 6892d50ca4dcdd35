// Reads the body of a request as text or bytes, with its size limit enforced while reading.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asError, badInput, ThroughlineError } from '../base/errors.ts';

/**
 * The whole body, or a refusal: LIMIT_EXCEEDED as soon as it is known to be too long (nothing more is kept then),
 * BAD_USER_INPUT where it is not UTF-8 or ends early.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<string> {
  return decoded(await readBytes(request, response, limit));
}

/** Reads the body as bytes, for any method. `onBytes` is called with the size of each part, and may throw. */
export function readBytes(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  onBytes: (bytes: number) => void = () => {},
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLong(limit));
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  return readToEnd(request, limit, onBytes);
}

function readToEnd(
  request: IncomingMessage,
  limit: number,
  onBytes: (bytes: number) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    function settle(outcome: () => void): void {
      request.off('data', take).off('end', end).off('close', cut).off('error', cut);
      request.on('error', () => {});
      outcome();
    }
    function take(chunk: Buffer): void {
      length += chunk.length;
      if (length > limit) return settle(() => reject(tooLong(limit)));
      chunks.push(chunk);
      try {
        onBytes(chunk.length);
      } catch (error) {
        settle(() => reject(asError(error)));
      }
    }
    function end(): void {
      settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    }
    function cut(): void {
      settle(() => reject(badInput('The connection closed before the body was complete.')));
    }
    request.on('data', take).once('end', end).once('close', cut).once('error', cut);
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw badInput('The body is not valid UTF-8.');
  }
}

function tooLong(limit: number): ThroughlineError {
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The body is longer than ${limit} bytes, which is the most that is taken.`,
  );
}
