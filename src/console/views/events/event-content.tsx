// What an event holds: payload, summary, result and error, each as a tree.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type KeyboardEvent, useMemo } from 'react';
import { JsonTree } from '../../base/json-tree.tsx';
import type { OneEvent } from './one-event.ts';

interface Part {
  readonly id: string;
  readonly label: string;
  readonly root: string;
  readonly value: unknown;
}

/** The payload always; others where there is something. */
function partsOf({ payload, summary, result, error }: OneEvent): readonly Part[] {
  const hasSummary = Object.keys(summary as object).length > 0;
  return [
    { id: 'payload', label: 'Payload', root: 'data', value: payload },
    ...(hasSummary ? [{ id: 'summary', label: 'Summary', root: 'summary', value: summary }] : []),
    ...(result !== null && result !== undefined
      ? [{ id: 'result', label: 'Result', root: 'result', value: result }]
      : []),
    ...(error ? [{ id: 'error', label: 'Error', root: 'error', value: error }] : []),
  ];
}

export function EventContent({ event }: { event: OneEvent }) {
  const { tab }: { tab?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const parts = useMemo(() => partsOf(event), [event]);
  const part = parts.find(({ id }) => id === tab) ?? parts[0]!;
  const show = (id: string) =>
    void navigate({ to: '.', search: { tab: id === 'payload' ? '' : id }, replace: true } as never);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = parts[(parts.indexOf(part) + by + parts.length) % parts.length]!;
    show(next.id);
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <section aria-label="Content">
      <div role="tablist" aria-label="Content" className="tabs" onKeyDown={onKeyDown}>
        {parts.map(({ id, label }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={id === part.id}
            aria-controls="tab-content"
            tabIndex={id === part.id ? 0 : -1}
            onClick={() => show(id)}
          >
            {label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-content" aria-labelledby={`tab-${part.id}`}>
        <PartContent key={part.id} part={part} />
      </div>
    </section>
  );
}

function PartContent({ part: { id, label, root, value } }: { part: Part }) {
  const stack = id === 'error' ? (value as { stack?: string | null }).stack : null;
  return (
    <>
      <JsonTree label={label} root={root} value={value} />
      {stack && (
        <pre className="card event-stack" tabIndex={0} aria-label="Stack">
          {stack}
        </pre>
      )}
    </>
  );
}
