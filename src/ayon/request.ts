// One request of AYON's REST API: its caller, and what its headers say of the sender and the user.
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../operations/callers.ts';
import type { Operations } from '../operations/operations.ts';

export interface AyonRequest {
  readonly caller: Caller;
  /** As the caller may use them. */
  readonly operations: Operations;
  /** Whose request it is: X-as-user, else the key's user. */
  readonly user: string;
  readonly sender: string | null;
  readonly senderType: string;
  /** Whether it comes from AYON's own client, which compares whole answers and knows nothing beyond AYON. */
  readonly isFromAyonClient: boolean;
}

/** From `X-Api-Key`, else from `Authorization: ApiKey`. Null for a Bearer token, which a client tries to find out what it has. */
export function keyOf(headers: IncomingHttpHeaders): string | null {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own.trim() !== '') return own.trim();
  return /^apikey +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

export function requestOf(headers: IncomingHttpHeaders, caller: Caller, operations: Operations): AyonRequest {
  return {
    caller,
    operations,
    user: textOf(headers, 'x-as-user') ?? userNameOf(caller.name),
    sender: textOf(headers, 'x-sender'),
    senderType: textOf(headers, 'x-sender-type') ?? 'api',
    isFromAyonClient: headers['x-ayon-platform'] !== undefined,
  };
}

/** A key's name as AYON allows a user's: letters, digits, `_`, `.` and `-`. */
function userNameOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^[_.-]+|[_.-]+$/g, '') || 'service';
}

/** Node reads headers as Latin-1; clients send UTF-8. */
function textOf(headers: IncomingHttpHeaders, name: string): string | null {
  const given = headers[name];
  if (typeof given !== 'string' || given.trim() === '') return null;
  const text = Buffer.from(given, 'latin1').toString();
  return (text.includes('\ufffd') ? given : text).trim();
}
