// The first steps with a gateway: a key, an event, a worker, and watching, as commands to paste.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { curlCommand, useCommandKey } from '../../base/keyed-command.tsx';
import { Command, ErrorNotice } from '../../base/notice.tsx';
import { gatewayUrl } from '../../shell/session.ts';

interface GettingStartedProps {
  readonly hasEvents: boolean;
  readonly onClose: () => void;
}

const keyPlace = 'YOUR-KEY';
const scopes = ['events:read', 'events:send', 'jobs:work'];

const sending = `mutation { sendEvent(input: {topic: "order.paid", requestId: "order-1", payload: {total: 39.8}}) { event { id requestId } } }`;
const watching = `subscription { eventFeed(after: "0") { at status event { topic requestId } } }`;

/** A whole worker: it claims jobs and finishes them, without anything to install beside Node. */
function workerCommand(key: string): string {
  return `node -e '
const call = async (query, variables) => {
  const response = await fetch("${gatewayUrl}/graphql", {
    method: "POST",
    headers: { authorization: "Bearer ${key}", "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
};
(async () => {
  for (;;) {
    const { enroll: job } = await call(\`mutation {
      enroll(input: {sourceTopics: ["order.paid"], targetTopic: "invoice.write", worker: "invoices-1", waitMs: 30000}) {
        attempt event { id } source { payload }
      }
    }\`);
    if (!job) continue;
    console.log("An invoice for", job.source.payload);
    await call(\`mutation ($id: ID!, $attempt: Int!) {
      updateEvent(input: {id: $id, attempt: $attempt, status: FINISHED, result: {invoice: 7}}) { status }
    }\`, { id: job.event.id, attempt: job.attempt });
  }
})();'`;
}

export function GettingStarted({ hasEvents, onClose }: GettingStartedProps) {
  const { key, make, error } = useCommandKey(scopes);
  const used = key ?? keyPlace;
  return (
    <section className="card getting-started" aria-labelledby="getting-started">
      <div className="heading">
        <h2 id="getting-started">
          {hasEvents ? 'The first events are here' : 'There are no events yet: three steps to see some'}
        </h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <p role="status">
        {key ? (
          'The commands below have your new key. It is shown only here; make more under '
        ) : (
          <>
            The commands need a key with the scopes {scopes.join(', ')} in place of <code>{keyPlace}</code>
            .{' '}
          </>
        )}
        {key && <Link to="/keys">Keys</Link>}
      </p>
      {make && (
        <p>
          <button type="button" className="primary" onClick={make}>
            Make a key for the commands
          </button>
        </p>
      )}
      <ErrorNotice error={error} />
      <ol>
        <Step title="Send an event" isDone={hasEvents} command={curlCommand(used, sending)}>
          {hasEvents ? (
            <Link to="/chains/$requestId" params={{ requestId: 'order-1' }}>
              See what the request caused
            </Link>
          ) : (
            'It belongs to the request order-1.'
          )}
        </Step>
        <Step title="Start a worker" isDone={false} command={workerCommand(used)}>
          It takes the job that follows from each order, until you stop it.{' '}
          <Link to="/consumers">Consumers</Link> shows what waits for it.
        </Step>
        <Step title="Watch" isDone={false} command={watchCommand(used)}>
          In another terminal: every change so far, and then each as it happens. Here,{' '}
          <Link to="/events">Events</Link> shows the same.
        </Step>
      </ol>
    </section>
  );
}

function watchCommand(key: string): string {
  return curlCommand(key, watching)
    .replace('curl ', 'curl -N ')
    .replace(' \\\n', " \\\n  -H 'Accept: text/event-stream' \\\n");
}

interface StepProps {
  readonly title: string;
  readonly isDone: boolean;
  readonly command: string;
  readonly children: ReactNode;
}

function Step({ title, isDone, command, children }: StepProps) {
  return (
    <li className={isDone ? 'is-done' : ''}>
      <h3>
        {title}
        {isDone && <span className="status status-finished">done</span>}
      </h3>
      <Command text={command} />
      <p className="muted">{children}</p>
    </li>
  );
}
