// An event as commands: to read it, or to send one like it, as GraphQL, with curl or with the client.
import { useState } from 'react';
import { curlCommand } from '../../base/keyed-command.tsx';
import { Dialog } from '../../base/dialog.tsx';
import { Command } from '../../base/notice.tsx';
import { gatewayUrl, useSession } from '../../shell/session.ts';
import type { OneEvent } from './one-event.ts';

const operations = {
  read: 'query ($id: ID!) {\n  event(id: $id) { id topic status payload result error { code message } }\n}',
  send: 'mutation ($input: SendEventInput!) {\n  sendEvent(input: $input) { event { id requestId } duplicate }\n}',
};

type What = keyof typeof operations;

/** What is sent for an event like this one: neither its hash nor its place in a chain, which are its own. */
export function sendInput({ topic, payload, summary, project, user, eventType, priority }: OneEvent) {
  const hasSummary = Object.keys(summary as object).length > 0;
  return {
    topic,
    payload: payload as object,
    ...(hasSummary && { summary: summary as object }),
    ...(project && { project }),
    ...(user && { user }),
    ...(eventType !== 'events.NormalType' && { eventType }),
    ...(priority !== 0 && { priority }),
  };
}

function clientCall(what: What, event: OneEvent, key: string): string {
  const { topic, payload, ...options } = sendInput(event);
  const rest = Object.keys(options).length > 0 ? `, ${JSON.stringify(options, null, 2)}` : '';
  const call =
    what === 'send'
      ? `await client.send(${JSON.stringify(topic)}, ${JSON.stringify(payload, null, 2)}${rest});`
      : `const { event } = await client.query(\`${operations.read}\`, { id: '${event.id}' });`;
  return [
    "import { createClient } from 'throughline-client';",
    '',
    `const client = createClient({ url: '${gatewayUrl}', key: ${key} });`,
    call,
  ].join('\n');
}

export function CopyAsDialog({ event, onClose }: { event: OneEvent; onClose: () => void }) {
  const { secret } = useSession();
  const [what, setWhat] = useState<What>('read');
  const [hasKey, setHasKey] = useState(false);
  const variables = what === 'read' ? { id: event.id } : { input: sendInput(event) };
  const text = `${operations[what]}\n\n# Variables\n${JSON.stringify(variables, null, 2)}`;
  return (
    <Dialog title="Copy as" onClose={onClose} wide>
      <div className="fields">
        <div className="copy-options">
          <label>
            <input type="radio" checked={what === 'read'} onChange={() => setWhat('read')} /> Read this event
          </label>
          <label>
            <input type="radio" checked={what === 'send'} onChange={() => setWhat('send')} /> Send one like it
          </label>
          <label>
            <input type="checkbox" checked={hasKey} onChange={() => setHasKey(!hasKey)} /> With my key
          </label>
        </div>
        <section>
          <h3>GraphQL</h3>
          <Command text={text} />
        </section>
        <section>
          <h3>curl</h3>
          <Command
            text={curlCommand(hasKey ? secret : '$KEY', operations[what].replace(/\s+/g, ' '), variables)}
          />
        </section>
        <section>
          <h3>TypeScript</h3>
          <Command text={clientCall(what, event, hasKey ? `'${secret}'` : 'process.env.KEY')} />
        </section>
      </div>
    </Dialog>
  );
}
