// The fields of an event, and the events beside it in its chain.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyButton } from '../../base/notice.tsx';
import { Status } from '../../base/status.tsx';
import { Duration, Time } from '../../base/time.tsx';
import type { OneEvent } from './one-event.ts';
import { tokenText } from './search-query.ts';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A value that leads to the events that have it, too. */
function Searched({ field, value }: { field: string; value: string }) {
  return (
    <Link to="/events" search={{ q: tokenText(field, value) }} title={`All events with ${field} ${value}`}>
      {value}
    </Link>
  );
}

export function EventFacts({ event }: { event: OneEvent }) {
  const { id, topic, requestId, lease, hash, nodeId } = event;
  return (
    <dl className="card event-facts">
      <Fact name="Id">
        <code>{id}</code> <CopyButton text={id} />
      </Fact>
      <Fact name="Topic">
        <Link to="/topics/$name" params={{ name: topic }}>
          {topic}
        </Link>
      </Fact>
      <Fact name="Request">
        <Link to="/chains/$requestId" params={{ requestId }}>
          {requestId}
        </Link>
      </Fact>
      {nodeId !== id && <Fact name="Node">{nodeId}</Fact>}
      {event.project && <Fact name="Project">{<Searched field="project" value={event.project} />}</Fact>}
      {event.user && <Fact name="User">{<Searched field="user" value={event.user} />}</Fact>}
      {event.sender && (
        <Fact name="Sender">
          <Searched field="sender" value={event.sender} />
          {event.senderType && <span className="muted"> ({event.senderType})</span>}
        </Fact>
      )}
      <Fact name="Type">{event.eventType}</Fact>
      {hash && (
        <Fact name="Hash">
          <code>{hash}</code>
        </Fact>
      )}
      {event.priority !== 0 && <Fact name="Priority">{event.priority}</Fact>}
      {event.retries > 0 && <Fact name="Retries">{event.retries}</Fact>}
      <EventTimes event={event} />
      {lease && (
        <Fact name="Lease">
          {lease.worker}, attempt {lease.attempt}, until <Time at={lease.until} />
        </Fact>
      )}
    </dl>
  );
}

function EventTimes({ event }: { event: OneEvent }) {
  const { createdAt, startedAt, finishedAt, sendAt, status } = event;
  const isOver = status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED';
  return (
    <>
      <Fact name="Created">
        <Time at={createdAt} />
      </Fact>
      {sendAt && (
        <Fact name="Will be sent">
          <Time at={sendAt} />
        </Fact>
      )}
      {startedAt && (
        <Fact name="Started">
          <Time at={startedAt} /> <span className="muted">after</span>{' '}
          <Duration from={createdAt} to={startedAt} />
        </Fact>
      )}
      {finishedAt && (
        <Fact name="Ended">
          <Time at={finishedAt} />
        </Fact>
      )}
      {startedAt && (
        <Fact name={isOver ? 'Ran for' : 'Running for'}>
          <Duration from={startedAt} to={finishedAt} />
        </Fact>
      )}
    </>
  );
}

export function Relatives({ event }: { event: OneEvent }) {
  const { dependsOn, dependents, id } = event;
  if (!dependsOn && dependents.nodes.length === 0) return null;
  return (
    <section className="card">
      {dependsOn && (
        <>
          <h2>Caused by</h2>
          <p>
            <RelatedEvent event={dependsOn} />
          </p>
        </>
      )}
      {dependents.nodes.length > 0 && (
        <>
          <h2>Caused</h2>
          <ul className="relatives">
            {dependents.nodes.map((child) => (
              <li key={child.id}>
                <RelatedEvent event={child} />
              </li>
            ))}
          </ul>
        </>
      )}
      {dependents.pageInfo.hasNextPage && (
        <p className="muted">
          More than {dependents.nodes.length}:{' '}
          <Link to="/chains/$requestId" params={{ requestId: event.requestId }} search={{ node: id }}>
            the chain
          </Link>{' '}
          shows all.
        </p>
      )}
    </section>
  );
}

type Related = NonNullable<OneEvent['dependsOn']>;

function RelatedEvent({ event: { id, topic, status } }: { event: Related }) {
  return (
    <span className="related">
      <Status status={status} />
      <Link to="/events/$id" params={{ id }}>
        {topic}
      </Link>
    </span>
  );
}
