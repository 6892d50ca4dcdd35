// The selected event or group: how it stands, when, why it failed, and what it holds.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  type ChainEventDetailQuery,
  ChainEventDetailDocument,
} from '../../../../generated/console/graphql.ts';
import { useProgress } from '../../../client/react.ts';
import { JsonTree } from '../../base/json-tree.tsx';
import { CopyButton, ErrorNotice } from '../../base/notice.tsx';
import { Status } from '../../base/status.tsx';
import { durationText, Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { summarizeTimes, timingOf } from './model/timing.ts';
import type { VisibleNode } from './model/visible-tree.ts';
import type { ChainModel } from './use-chain-model.ts';

type Detail = NonNullable<ChainEventDetailQuery['event']>;

export function SidePanel({ model }: { model: ChainModel }) {
  const { selected } = model;
  return (
    <aside className="side-panel card" aria-label="Selected event">
      {!selected && <p className="muted">Select an event to see its times, its error and what it holds.</p>}
      {selected?.isGroup && <GroupPanel node={selected} model={model} />}
      {selected && !selected.isGroup && <EventPanel key={selected.key} node={selected} model={model} />}
    </aside>
  );
}

function EventPanel({ node, model }: { node: VisibleNode; model: ChainModel }) {
  const { client } = useSession();
  const { event, parent, countBelow } = node.members[0]!;
  const { data, error } = useQuery({
    queryKey: ['chain-event', event.id, String(event.position)],
    queryFn: ({ signal }) => client.query(ChainEventDetailDocument, { id: event.id }, { signal }),
    placeholderData: keepPreviousData,
  });
  const detail = data?.event;
  return (
    <>
      <div className="side-title">
        <h2>{event.topic}</h2>
        <Status status={event.status} />
      </div>
      {event.error && <Failure error={event.error} stack={detail?.error?.stack} />}
      {event.status === 'IN_PROGRESS' && <Progress id={event.id} known={detail?.progress ?? null} />}
      {detail?.description && <p>{detail.description}</p>}
      <Times node={node} model={model} detail={detail} />
      <p className="side-links">
        <Link to="/events/$id" params={{ id: event.id }}>
          Open the event
        </Link>
        {parent && (
          <button type="button" className="link" onClick={() => model.select(parent.event.id)}>
            Its cause: {parent.event.topic}
          </button>
        )}
        <CopyButton text={event.id} label="Copy the id" />
      </p>
      {countBelow > 0 && <p className="muted">It caused {countBelow.toLocaleString('en')} more.</p>}
      <ErrorNotice error={error} />
      {detail && <Documents detail={detail} />}
    </>
  );
}

function Failure({
  error,
  stack,
}: {
  error: { code?: string | null; message: string };
  stack?: string | null | undefined;
}) {
  return (
    <div className="notice notice-error">
      {error.code && <code>{error.code}</code>} {error.message}
      {stack && (
        <details>
          <summary>Stack</summary>
          <pre>{stack}</pre>
        </details>
      )}
    </div>
  );
}

function Progress({ id, known }: { id: string; known: number | null }) {
  const { data } = useProgress(id);
  const progress = data?.progress ?? known;
  if (progress === null) return null;
  return (
    <p className="side-progress">
      <progress max={100} value={progress} aria-label="Progress" /> {Math.round(progress)} %{' '}
      {data?.description}
    </p>
  );
}

function Times({
  node,
  model,
  detail,
}: {
  node: VisibleNode;
  model: ChainModel;
  detail: Detail | null | undefined;
}) {
  const { event } = node.members[0]!;
  const { queueMs, runMs } = timingOf(event, model.now);
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return (
    <dl className="side-facts">
      <Fact name="Waited">{queueMs > 0 ? durationText(queueMs) : '–'}</Fact>
      <Fact name="Ran">{runMs > 0 ? durationText(runMs) : '–'}</Fact>
      <Fact name="Sent">
        <Time isPrecise at={iso(event.createdAt)} />
      </Fact>
      {event.sendAt !== null && (
        <Fact name="Scheduled">
          <Time isPrecise at={iso(event.sendAt)} />
        </Fact>
      )}
      <Fact name="Started">
        <Time isPrecise at={iso(event.startedAt)} />
      </Fact>
      <Fact name="Ended">
        <Time isPrecise at={iso(event.finishedAt)} />
      </Fact>
      {event.retries > 0 && <Fact name="Retries">{event.retries}</Fact>}
      {detail?.lease && (
        <Fact name="Worker">
          {detail.lease.worker}, attempt {detail.lease.attempt}
        </Fact>
      )}
      {detail?.sender && <Fact name="Sender">{detail.sender}</Fact>}
      {detail?.project && <Fact name="Project">{detail.project}</Fact>}
      {model.path.ids.has(event.id) && <Fact name="Path">on the critical path</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Documents({ detail }: { detail: Detail }) {
  const documents = [
    ['Payload', detail.payload, 'data'],
    ['Summary', detail.summary, 'summary'],
    ['Result', detail.result, 'result'],
  ] as const;
  const filled = documents.filter(([, value]) => value !== null && JSON.stringify(value) !== '{}');
  return (
    <>
      {filled.map(([name, value, root]) => (
        <section key={name}>
          <h3>{name}</h3>
          <JsonTree value={value} label={name} root={root} />
        </section>
      ))}
      {detail.history.length > 1 && <History history={detail.history} />}
    </>
  );
}

function History({ history }: { history: Detail['history'] }) {
  return (
    <section>
      <h3>History</h3>
      <ol className="side-history">
        {history.map(({ position, at, to, by, attempt }) => (
          <li key={position}>
            <Status status={to} /> <Time isPrecise at={at} />{' '}
            <span className="muted">
              {by}
              {attempt === null ? '' : `, attempt ${attempt}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

const shownMembers = 20;

function GroupPanel({ node, model }: { node: VisibleNode; model: ChainModel }) {
  const times = summarizeTimes(node.members, model.now);
  const word = node.status.toLowerCase().replace('_', ' ');
  return (
    <>
      <div className="side-title">
        <h2>
          {times.count.toLocaleString('en')} × {node.topic}
        </h2>
        <Status status={node.status} />
      </div>
      <p className="muted">
        Events of one topic that are {word} below {node.parent ? node.parent.topic : 'the request'}.
      </p>
      <dl className="side-facts">
        <Fact name="Waited, median">{durationText(times.medianQueueMs)}</Fact>
        <Fact name="longest">{durationText(times.longestQueueMs)}</Fact>
        <Fact name="Ran, median">{durationText(times.medianRunMs)}</Fact>
        <Fact name="longest">{durationText(times.longestRunMs)}</Fact>
      </dl>
      <p>
        <button type="button" onClick={() => model.toggle(node)}>
          {node.isOpen ? 'Show as one' : 'Show each'}
        </button>
      </p>
      <ul className="side-members">
        {node.members.slice(0, shownMembers).map(({ event }) => (
          <li key={event.id}>
            <button type="button" className="link" onClick={() => model.select(event.id)}>
              {event.nodeId === event.id ? event.id.slice(-12) : event.nodeId}
            </button>{' '}
            <span className="muted">
              {event.error?.message ?? durationText(timingOf(event, model.now).runMs)}
            </span>
          </li>
        ))}
      </ul>
      {times.count > shownMembers && (
        <p className="muted">and {(times.count - shownMembers).toLocaleString('en')} more</p>
      )}
    </>
  );
}
