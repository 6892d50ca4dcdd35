// Finds a chain by the id of its request, or by the id or the hash of one of its events.
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { RequestLookUpDocument } from '../../../../generated/console/graphql.ts';
import type { Client } from '../../../client/client.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { useSession } from '../../shell/session.ts';

export interface Found {
  readonly requestId: string;
  /** The event that was looked for; null if it was the request. */
  readonly eventId: string | null;
}

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const noId = '00000000-0000-0000-0000-000000000000';

/** Null: there is none. A request comes before an event of the same name. */
export async function lookUp(client: Client, given: string, signal?: AbortSignal): Promise<Found | null> {
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

export function LookUp() {
  const { client } = useSession();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [missing, setMissing] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    setMissing(null);
    if (text.trim() === '') return;
    try {
      const found = await lookUp(client, text);
      if (!found) return setMissing(text.trim());
      const { requestId, eventId } = found;
      await navigate({
        to: '/chains/$requestId',
        params: { requestId },
        search: eventId === null ? {} : { event: eventId },
      });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <form className="look-up" role="search" onSubmit={(event) => void submit(event)}>
      <label htmlFor="look-up">Request id, event id or hash</label>
      <div>
        <input
          id="look-up"
          type="search"
          maxLength={500}
          spellCheck={false}
          autoComplete="off"
          placeholder="order-1041"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button className="primary">Open the chain</button>
      </div>
      <p role="status" className="complaint">
        {missing === null ? '' : `No request, event or hash “${missing}” is known.`}
      </p>
      <ErrorNotice error={error} />
    </form>
  );
}
