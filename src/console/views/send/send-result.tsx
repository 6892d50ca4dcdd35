// What became of an event that was sent.
import { Link } from '@tanstack/react-router';
import type { SendOneEventMutation } from '../../../../generated/console/graphql.ts';
import { Status } from '../../base/status.tsx';
import { Time } from '../../base/time.tsx';

export type SentEvent = SendOneEventMutation['sendEvent'];

export function SendResult({ sent: { event, duplicate, executions } }: { sent: SentEvent }) {
  return (
    <section className="card send-result" aria-label="Sent" role="status">
      <p>
        <strong>{duplicate ? 'It was sent before' : event.sendAt ? 'Scheduled' : 'Sent'}:</strong>{' '}
        <Link to="/events/$id" params={{ id: event.id }}>
          the event
        </Link>
        ,{' '}
        <Link to="/chains/$requestId" params={{ requestId: event.requestId }}>
          its chain
        </Link>
        . <Status status={event.status} />{' '}
        {event.sendAt && (
          <>
            at <Time at={event.sendAt} />
          </>
        )}
      </p>
      {duplicate && <p className="hint">An event with this hash exists; nothing new was stored.</p>}
      {executions.length > 0 && (
        <ul className="executions">
          {executions.map(({ handler, error, event: run }) => (
            <li key={run.id}>
              <Status status={run.status} />{' '}
              <Link to="/events/$id" params={{ id: run.id }}>
                {handler}
              </Link>
              {error && <span className="field-error"> {error.message}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
