// How a chain stands: counts, durations, the critical path; and where it failed.
import { useCallback, useEffect } from 'react';
import { Status, statuses } from '../../base/status.tsx';
import { durationText, Time } from '../../base/time.tsx';
import type { ChainModel } from './use-chain-model.ts';

export function ChainFigures({ model }: { model: ChainModel }) {
  const { tree, span, isFinished, path } = model;
  const counts = statuses
    .map((status) => ({ status, count: tree.inOrder.filter(({ event }) => event.status === status).length }))
    .filter(({ count }) => count > 0);
  const waiting = path.totalMs > 0 ? Math.round((path.queueMs / path.totalMs) * 100) : 0;
  return (
    <dl className="chain-figures">
      <Figure
        title={tree.inOrder.length === 1 ? 'event' : 'events'}
        value={tree.inOrder.length.toLocaleString('en')}
      />
      <div>
        <dt>by status</dt>
        <dd className="chain-counts">
          {counts.map(({ status, count }) => (
            <span key={status}>
              {count.toLocaleString('en')} <Status status={status} />
            </span>
          ))}
        </dd>
      </div>
      <div>
        <dt>began</dt>
        <dd>
          <Time at={new Date(span.from).toISOString()} />
        </dd>
      </div>
      <Figure title={isFinished ? 'took' : 'running for'} value={durationText(span.to - span.from)} />
      <Figure
        title="critical path"
        value={`${path.nodes.length} ${path.nodes.length === 1 ? 'event' : 'events'}, ${waiting} % in queues`}
        className="is-critical"
      />
    </dl>
  );
}

function Figure({ title, value, className }: { title: string; value: string; className?: string }) {
  return (
    <div className={className}>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The failures, one at a time, each with a jump to the next. */
export function FailureBar({ model }: { model: ChainModel }) {
  const { failures, selected } = model;
  const { index, jump } = useFailures(model);
  if (failures.length === 0) return null;
  const shown = failures[Math.max(0, index)]!;
  const { topic, error } = shown.event;
  return (
    <section className="failure-bar" aria-label="Failures">
      <strong>
        {index < 0 ? failures.length : `${index + 1} of ${failures.length}`}{' '}
        {failures.length === 1 ? 'failure' : 'failures'}
      </strong>
      <button
        type="button"
        className="link failure-text"
        aria-pressed={selected?.key === shown.event.id}
        onClick={() => model.select(shown.event.id)}
      >
        <b>{topic}</b> {error?.code && <code>{error.code}</code>}{' '}
        {error?.message ?? 'without an error message'}
      </button>
      {failures.length > 1 && (
        <span className="actions">
          <button type="button" onClick={() => jump(-1)}>
            Previous
          </button>
          <button type="button" onClick={() => jump(1)} aria-keyshortcuts="n">
            Next failure
          </button>
        </span>
      )}
    </section>
  );
}

function useFailures({ failures, selected, select }: ChainModel) {
  const index = failures.findIndex(({ event }) => event.id === selected?.key);
  const jump = useCallback(
    (by: 1 | -1) => {
      if (failures.length === 0) return;
      // From elsewhere, forward begins at the first and back at the last.
      const from = index < 0 && by < 0 ? 0 : index;
      select(failures[(from + by + failures.length) % failures.length]!.event.id);
    },
    [failures, index, select],
  );
  return { index, jump };
}

/** `n` and `p` jump from anywhere in the view, but not while somebody types. */
export function useFailureKeys(model: ChainModel): void {
  const { jump } = useFailures(model);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element &&
        event.target.closest('input, textarea, select, [contenteditable], [role=dialog]');
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'n') jump(1);
      else if (event.key === 'p') jump(-1);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [jump]);
}
