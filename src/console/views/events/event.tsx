// One event: what happened to it, what it holds, and what can be done with it.
import { Link, useNavigate, useParams, useRouter } from '@tanstack/react-router';
import { isThroughlineError } from '../../../client/client.ts';
import { useProgress } from '../../../client/react.ts';
import { useViewKeys } from '../../base/list/keys.ts';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Status } from '../../base/status.tsx';
import { EventActions } from './event-actions.tsx';
import { EventContent } from './event-content.tsx';
import { EventFacts, Relatives } from './event-facts.tsx';
import { Timeline } from './event-timeline.tsx';
import { type OneEvent, useOneEvent } from './one-event.ts';
import './event.css';

export function EventView() {
  const { id = '' } = useParams({ strict: false });
  const { history } = useRouter();
  const navigate = useNavigate();
  // Back to the list, as it was.
  useViewKeys({ Escape: () => (history.canGoBack() ? history.back() : void navigate({ to: '/events' })) });
  return <EventPage key={id} id={id} />;
}

function EventPage({ id }: { id: string }) {
  const { data, error } = useOneEvent(id);
  if (isThroughlineError(error, 'BAD_USER_INPUT')) return <UnknownEvent id={id} />;
  if (error && !data) return <ErrorNotice error={error} />;
  if (!data) return <p className="loading">Loading…</p>;
  if (!data.event) return <UnknownEvent id={id} />;
  return (
    <>
      <ErrorNotice error={error} />
      <ShownEvent event={data.event} isDeleted={!data.isThere} />
    </>
  );
}

function UnknownEvent({ id }: { id: string }) {
  return (
    <EmptyState title="There is no such event">
      <p>
        No event has the id <code>{id}</code>, or this key may not see it. It may have been deleted.
      </p>
      <p>
        <Link to="/events">All events</Link>
      </p>
    </EmptyState>
  );
}

function ShownEvent({ event, isDeleted }: { event: OneEvent; isDeleted: boolean }) {
  const title = (
    <span className="event-title">
      {event.topic} <Status status={event.status} />
    </span>
  );
  return (
    <article className="event-view">
      <Heading title={title}>
        <EventActions event={event} isDeleted={isDeleted} />
      </Heading>
      {isDeleted && (
        <div className="notice" role="status">
          This event was deleted. What it was is shown until this page is left.
        </div>
      )}
      {event.description && <p className="event-description">{event.description}</p>}
      <LiveProgress event={event} />
      <div className="event-grid">
        <div className="event-main">
          <EventFailure event={event} />
          <EventContent event={event} />
        </div>
        <div className="event-side">
          <EventFacts event={event} />
          <Timeline event={event} />
          <Relatives event={event} />
        </div>
      </div>
    </article>
  );
}

/** Progress is broadcast only: before any is reported, the gateway's last is shown. */
function LiveProgress({ event: { id, status, progress } }: { event: OneEvent }) {
  const { data } = useProgress(id);
  if (status !== 'IN_PROGRESS') return null;
  const now = data?.progress ?? progress;
  return (
    <div className="event-progress">
      <progress aria-label="Progress" max={100} {...(now !== null && now !== undefined && { value: now })} />
      <span>
        {now === null || now === undefined ? 'running' : `${Math.round(now)} %`}
        {data?.description ? ` · ${data.description}` : ''}
      </span>
    </div>
  );
}

function EventFailure({ event: { error } }: { event: OneEvent }) {
  if (!error) return null;
  return (
    <section className="notice notice-error event-failure" aria-label="Error">
      {error.code && <code>{error.code}</code>} {error.message}
    </section>
  );
}
