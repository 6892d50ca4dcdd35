// The history of an event's status: when, who, why and in which attempt.
import { useState } from 'react';
import { Status } from '../../base/status.tsx';
import { durationText, Time } from '../../base/time.tsx';
import type { OneEvent } from './one-event.ts';

type Change = OneEvent['history'][number];

/** The latest so many are shown at first. */
const shownChanges = 20;

export function Timeline({ event: { history } }: { event: OneEvent }) {
  const [isAll, setAll] = useState(false);
  const hidden = isAll ? 0 : Math.max(0, history.length - shownChanges);
  return (
    <section className="card">
      <h2>History</h2>
      {hidden > 0 && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          {hidden} earlier
        </button>
      )}
      <ol className="timeline">
        {history.slice(hidden).map((change, index) => (
          <Entry key={change.position} change={change} before={history[hidden + index - 1]} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ change, before }: { change: Change; before: Change | undefined }) {
  const { to, at, by, attempt, description } = change;
  return (
    <li>
      <div className="timeline-line">
        <Status status={to} /> <Time at={at} />
        {before && (
          <span className="muted"> +{durationText(Math.max(0, Date.parse(at) - Date.parse(before.at)))}</span>
        )}
      </div>
      <div className="muted">
        {by ? `by ${by}` : 'by the gateway'}
        {typeof attempt === 'number' && `, attempt ${attempt}`}
      </div>
      {description && <div className="timeline-why">{description}</div>}
    </li>
  );
}
