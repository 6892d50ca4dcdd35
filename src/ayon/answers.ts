// Answers of AYON's REST API: errors in its shape, and the status of each of ours.
import type { ServerResponse } from 'node:http';
import { type ErrorCode, errorCatalogue, ThroughlineError } from '../base/errors.ts';
import { sendJson } from '../http/json-response.ts';
import { hexOfId } from './values.ts';

/** An answer that is not a success, with a sentence for the caller. */
export class AyonRefusal extends Error {
  readonly status: number;
  /** Further members of the body. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(status: number, detail: string, more: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.status = status;
    this.more = more;
  }
}

export function badRequest(detail: string): AyonRefusal {
  return new AyonRefusal(400, detail);
}

/**
 * Statuses that differ from those over GraphQL: AYON has 400 for all bad input, and its client repeats what was
 * answered with 503, which a gateway that is busy already must not cause.
 */
const ownStatuses: Partial<Record<ErrorCode, number>> = { TOPIC_SCHEMA_MISMATCH: 400, OVERLOADED: 429 };

/** Null for an unexpected failure, of which the caller learns nothing. */
export function refusalOf(error: unknown): AyonRefusal | null {
  if (error instanceof AyonRefusal) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string' || !Object.hasOwn(errorCatalogue, code)) return null;
  const known = code as ErrorCode;
  const { status, meaning } = errorCatalogue[known];
  if (!(error instanceof ThroughlineError))
    return status === 500 ? null : new AyonRefusal(ownStatuses[known] ?? status, meaning);
  const { eventId } = error.details;
  const more = typeof eventId === 'string' ? { eventId: hexOfId(eventId) } : {};
  return new AyonRefusal(ownStatuses[known] ?? status, error.message, more);
}

export function sendRefusal(response: ServerResponse, { status, message, more }: AyonRefusal): void {
  sendJson(response, status, { code: status, detail: message, ...more });
}

export function sendNothing(response: ServerResponse): void {
  response.writeHead(204).end();
}
