// Finds a request by its id, or by the id or the hash of one of its events.
import { RequestLookUpDocument } from '../../../generated/console/graphql.ts';
import type { Client } from '../../client/client.ts';

export interface Found {
  readonly requestId: string;
  /** The event that was looked for; null if it was the request. */
  readonly eventId: string | null;
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const noId = '00000000-0000-0000-0000-000000000000';

/** Null: there is none. A request comes before an event of the same name. */
export async function findRequest(
  client: Client,
  given: string,
  signal?: AbortSignal,
): Promise<Found | null> {
  const text = given.trim();
  const isId = uuid.test(text);
  const { byRequest, byHash, byId } = await client.query(
    RequestLookUpDocument,
    { text, id: isId ? text : noId, isId },
    signal && { signal },
  );
  if (byRequest.nodes[0]) return { requestId: text, eventId: null };
  const event = byId ?? byHash;
  return event ? { requestId: event.requestId, eventId: event.id } : null;
}
