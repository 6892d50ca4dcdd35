// Sends an event like another, with a payload that can be edited first.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { SendOneEventDocument } from '../../../../generated/console/graphql.ts';
import { Dialog } from '../../base/dialog.tsx';
import { JsonEditor } from '../../base/editor.tsx';
import { parseJson, type Problem } from '../../base/editor/problems.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { schemaProblems } from '../../base/json/schema-problem.ts';
import { useSession } from '../../shell/session.ts';
import { sendInput } from './copy-as.tsx';
import type { OneEvent } from './one-event.ts';

export function SendAgainDialog({ event, onClose }: { event: OneEvent; onClose: () => void }) {
  const { client } = useSession();
  const navigate = useNavigate();
  const [text, setText] = useState(() => JSON.stringify(event.payload, null, 2));
  const [hash, setHash] = useState('');
  const [isChild, setChild] = useState(false);
  const [isWork, setWork] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [isSending, setSending] = useState(false);
  const send = async () => {
    const parsed = parseJson(text);
    if ('problems' in parsed) return;
    setSending(true);
    setError(null);
    try {
      const input = {
        ...sendInput(event),
        payload: parsed.value,
        finished: !isWork,
        ...(hash !== '' && { hash }),
        ...(isChild && { dependsOn: event.id }),
      };
      const { sendEvent } = await client.mutate(SendOneEventDocument, { input });
      onClose();
      void navigate({ to: '/events/$id', params: { id: sendEvent.event.id } });
    } catch (failure) {
      const refused = schemaProblems(failure, text);
      setProblems(refused ?? []);
      setError(refused ? null : failure);
      setSending(false);
    }
  };
  const change = (next: string) => {
    setText(next);
    setProblems([]);
  };
  return (
    <Dialog title={`Send ${event.topic} again`} onClose={onClose} wide>
      <div className="fields">
        <JsonEditor label="Payload" value={text} onChange={change} problems={problems} onSubmit={send} />
        <label className="field">
          Hash (deduplication key; none by default)
          <input value={hash} maxLength={500} onChange={({ target }) => setHash(target.value)} />
        </label>
        <label>
          <input type="checkbox" checked={isChild} onChange={() => setChild(!isChild)} /> In the chain of this
          event, as its child
        </label>
        <label>
          <input type="checkbox" checked={isWork} onChange={() => setWork(!isWork)} /> As work to be done
          (pending)
        </label>
        <ErrorNotice error={error} />
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="primary"
            disabled={isSending || 'problems' in parseJson(text)}
            onClick={() => void send()}
          >
            {isSending ? 'Sending…' : 'Send'}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
