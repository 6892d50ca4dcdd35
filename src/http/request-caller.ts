// Creates the caller of the operations of one HTTP request.
import type { ServerResponse } from 'node:http';
import type { Caller } from '../operations/callers.ts';
import type { Identity } from './credentials.ts';
import type { Presence } from './presence.ts';

export function callerOf(
  { name, keyId, scopes, rows, expiresAt, onEnd, address }: Identity & Pick<Caller, 'address'>,
  presence: Presence,
  response: ServerResponse,
  readRequestId: () => string | null,
): Caller {
  let requestId: string | null | undefined;
  let isWaiting = false;
  return {
    ...{ name, keyId, scopes, rows, expiresAt, address },
    // Only once something is sent: a request that reads leaves the name of its trace to one that sends.
    get requestId() {
      return (requestId ??= readRequestId());
    },
    /** What waits ends with the key, too. */
    get signal() {
      if (!isWaiting && onEnd)
        response.once(
          'close',
          onEnd(() => presence.leave()),
        );
      isWaiting = true;
      return presence.signal;
    },
  };
}
