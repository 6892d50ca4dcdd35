// The events on which an expression was tried, by outcome.
import { useMemo } from 'react';
import { Status } from '../../base/status.tsx';
import { Time, durationText } from '../../base/time.tsx';
import { RowLink } from '../../base/list/row-link.tsx';
import { type Column, VirtualTable } from '../../base/list/virtual-table.tsx';
import type { FilterRun, Outcome, Tested } from './filter-run.ts';

const titles: Readonly<Record<Outcome, string>> = {
  matches: 'match',
  differs: 'do not match',
  fails: 'could not be evaluated',
};

const columns: readonly Column<Tested>[] = [
  {
    id: 'outcome',
    title: 'Outcome',
    width: '8rem',
    cell: ({ outcome }) => <span className={`outcome outcome-${outcome}`}>{outcome}</span>,
  },
  { id: 'time', title: 'Created', width: '8.5rem', cell: ({ event }) => <Time at={event.createdAt} /> },
  {
    id: 'topic',
    title: 'Topic',
    width: 'minmax(12rem, 1.2fr)',
    cell: ({ event: { id, topic } }) => (
      <RowLink to={['events', id]} title={topic}>
        {topic}
      </RowLink>
    ),
  },
  { id: 'status', title: 'Status', width: '8.2rem', cell: ({ event }) => <Status status={event.status} /> },
  {
    id: 'reason',
    title: 'Why it fails',
    width: 'minmax(14rem, 2fr)',
    cell: ({ reason }) => <span title={reason}>{reason}</span>,
  },
];

interface FilterResultsProps {
  readonly run: FilterRun;
  readonly shown: Outcome | null;
  readonly onShow: (outcome: Outcome | null) => void;
}

export function FilterResults({ run: { tested, tookMs }, shown, onShow }: FilterResultsProps) {
  const counts = useMemo(() => {
    const of = (outcome: Outcome) => tested.filter((one) => one.outcome === outcome).length;
    return { matches: of('matches'), differs: of('differs'), fails: of('fails') };
  }, [tested]);
  const rows = shown === null ? tested : tested.filter(({ outcome }) => outcome === shown);
  const hasFailures = counts.fails > 0;
  return (
    <>
      <div className="outcomes" role="group" aria-label="Outcomes">
        <button type="button" aria-pressed={shown === null} onClick={() => onShow(null)}>
          <strong>{tested.length.toLocaleString()}</strong> tested
        </button>
        {(Object.keys(titles) as Outcome[]).map((outcome) => (
          <button
            key={outcome}
            type="button"
            aria-pressed={shown === outcome}
            className={`outcome-${outcome}`}
            onClick={() => onShow(outcome)}
          >
            <strong>{counts[outcome].toLocaleString()}</strong> {titles[outcome]}
          </button>
        ))}
        {tookMs > 0 && (
          <span className="muted">
            {durationText(tookMs)} for {tested.length.toLocaleString()} events, tested twice
          </span>
        )}
      </div>
      <VirtualTable
        label="Tested events"
        columns={hasFailures ? columns : columns.slice(0, -1)}
        count={rows.length}
        rowAt={(index) => rows[index]}
        keyOf={({ event }) => event.id}
      />
    </>
  );
}
