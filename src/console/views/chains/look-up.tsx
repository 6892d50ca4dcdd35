// Finds a chain by the id of its request, or by the id or the hash of one of its events.
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { findRequest } from '../../base/find-request.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { useSession } from '../../shell/session.ts';

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
      const found = await findRequest(client, text);
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
