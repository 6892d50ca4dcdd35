// Tries an expression on the latest events before it is used anywhere.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { CelEditor, useFilterCheck } from '../../base/editor.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { SendCommand } from '../../base/send-command.tsx';
import { useSession } from '../../shell/session.ts';
import { parseSearch } from '../events/search-query.ts';
import { FilterResults } from './filter-results.tsx';
import { type Outcome, runFilter } from './filter-run.ts';
import './filter.css';

interface Parameters {
  readonly where?: string;
  /** Which events: tokens as in the list of events. */
  readonly q?: string;
  readonly n?: string;
  readonly show?: string;
}

const sizes = [50, 200, 1_000];
const examples = [
  'topic.startsWith("order.") && data.total > 100',
  'status == "FAILED" && created_at > timestamp("2026-01-01T00:00:00Z")',
  'has(data.customer) && data.customer.country in ["DE", "FR"]',
  'data.lines.exists(line, line.count > 2)',
];
/** How long nobody types before the expression is tried, in milliseconds. */
const settleMs = 300;

export function FilterPlayground() {
  const { where = '', q = '', n = '', show = '' }: Parameters = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (next: Parameters) =>
    void navigate({
      to: '.',
      search: (before: Parameters) => ({ ...before, ...next }),
      replace: true,
    } as never);
  const [draft, setDraft] = useSettled(where, (next) => change({ where: next }));
  const [events, setEvents] = useSettled(q, (next) => change({ q: next }));
  const count = sizes.find((size) => String(size) === n) ?? 200;
  const selection = useMemo(() => parseSearch(q), [q]);
  const outcome = (['matches', 'differs', 'fails'] as const).find((name) => name === show) ?? null;
  const { run, error } = useFilterRun(where, q, count);
  const inEvents = [q, where.trim() && `where:${where.replaceAll('\n', ' ')}`].filter(Boolean).join(' ');
  return (
    <div className="filter-view">
      <Heading title="Filter playground">
        <Link className="button" to="/events" search={{ q: inEvents }}>
          Use in Events
        </Link>
      </Heading>
      <CelEditor
        label="Expression"
        isMultiline
        value={draft}
        onChange={setDraft}
        topics={selection.topics}
        placeholder={examples[0]!}
      />
      {draft === '' && <Examples onChoose={setDraft} />}
      <div className="filter-events">
        <label className="field">
          <span>
            Among the events <span className="hint">tokens as in Events, such as topic:order.* since:1d</span>
          </span>
          <input value={events} spellCheck={false} onChange={({ target }) => setEvents(target.value)} />
        </label>
        <label className="field">
          Latest
          <select value={count} onChange={({ target }) => change({ n: target.value })}>
            {sizes.map((size) => (
              <option key={size}>{size}</option>
            ))}
          </select>
        </label>
      </div>
      <ErrorNotice error={selection.problems[0]?.message ?? error} />
      {run && run.tested.length === 0 && <NoEvents />}
      {run && run.tested.length > 0 && (
        <FilterResults
          run={run}
          shown={outcome}
          onShow={(next: Outcome | null) => change({ show: next ?? '' })}
        />
      )}
    </div>
  );
}

/** An expression that is wrong is not run: the editor says why. */
function useFilterRun(where: string, q: string, count: number) {
  const { client } = useSession();
  const { check, isCurrent } = useFilterCheck(where);
  const isValid = isCurrent && check?.valid === true;
  const selection = useMemo(() => parseSearch(q), [q]);
  const { data: run, error } = useQuery({
    queryKey: ['filterRun', where, q, count],
    queryFn: ({ signal }) => runFilter(client, { filter: selection.filter, where, count }, signal),
    enabled: isValid && selection.problems.length === 0,
    placeholderData: keepPreviousData,
  });
  return { run, error };
}

/** What is typed, given on once nobody types any more. */
function useSettled(value: string, onSettle: (value: string) => void) {
  const [draft, setDraft] = useState(value);
  const latest = useRef(onSettle);
  latest.current = onSettle;
  const given = useRef(value);
  useEffect(() => {
    if (value === given.current) return;
    given.current = value;
    setDraft(value);
  }, [value]);
  useEffect(() => {
    if (draft === given.current) return;
    const timer = setTimeout(() => {
      given.current = draft;
      latest.current(draft);
    }, settleMs);
    return () => clearTimeout(timer);
  }, [draft]);
  return [draft, setDraft] as const;
}

function Examples({ onChoose }: { onChoose: (expression: string) => void }) {
  return (
    <div className="filter-examples">
      <span className="muted">Such as</span>
      {examples.map((example) => (
        <button key={example} type="button" onClick={() => onChoose(example)}>
          <code>{example}</code>
        </button>
      ))}
    </div>
  );
}

function NoEvents() {
  return (
    <EmptyState title="There are no events to try it on">
      <p>Send one:</p>
      <SendCommand />
    </EmptyState>
  );
}
