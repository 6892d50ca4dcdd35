// How many events were sent, finished and failed: totals, and a chart in which a part can be chosen.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { isThroughlineError } from '../../../client/client.ts';
import { OverviewRateDocument, type OverviewRateQuery } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { LineChart } from '../../base/chart/line-chart.tsx';
import { numberText } from '../../base/count.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { durationText, exactTime } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { boundsOf, type ChosenRange, coarseSteps, ranges, zoomAddress } from './range.ts';

type Rate = OverviewRateQuery['eventRate'];

const lines = [
  { name: 'sent', colour: '--accent' },
  { name: 'finished', colour: '--ok' },
  { name: 'failed', colour: '--bad' },
] as const;

export function Rates({ range }: { range: ChosenRange }) {
  const { rate, error } = useRate(range);
  const [, changeAddress] = useAddress();
  const [hovered, setHovered] = useState<number | null>(null);
  const data = useMemo(() => chartData(rate), [rate]);
  const step = hovered === null ? undefined : rate[hovered];
  const stepMs = rate.length > 1 ? Date.parse(rate[1]!.at) - Date.parse(rate[0]!.at) : 0;
  const title = range.zoom ? spanText(range.zoom) : `the last ${ranges[range.name].title}`;
  return (
    <section className="card rates" aria-label="Rates">
      <ErrorNotice error={error} />
      <div className="rates-head">
        <dl className="rates-totals">
          {lines.map(({ name, colour }) => (
            <div key={name} style={{ borderColor: `var(${colour})` }}>
              <dt>{name}</dt>
              <dd className="figure">{numberText(step ? step[name] : total(rate, name))}</dd>
            </div>
          ))}
        </dl>
        <p className="muted">
          {step ? `${exactTime(step.at).split(' (')[0]}, ${stepText(stepMs)}` : `in ${title}`}
          {range.zoom && (
            <button type="button" onClick={() => changeAddress({ from: undefined, to: undefined })}>
              Back to {ranges[range.name].title}
            </button>
          )}
        </p>
      </div>
      <LineChart
        label={`Events in ${title}: ${lines.map(({ name }) => `${total(rate, name)} ${name}`).join(', ')}`}
        lines={lines}
        data={data}
        height={200}
        onHover={setHovered}
        onBrush={(from, to) => changeAddress(zoomAddress(from, to))}
      />
      <p className="muted rates-note">
        {stepMs > 0 && `One point per ${stepText(stepMs)}. `}Draw over a part of the chart to look closer.
      </p>
    </section>
  );
}

function useRate(range: ChosenRange): { rate: Rate; error: unknown } {
  const { client } = useSession();
  const { name, zoom, everyMs } = range;
  const key = JSON.stringify([name, zoom]);
  // A busy log is counted by the minute only.
  const [coarseKey, setCoarseKey] = useState<string | null>(null);
  const steps = coarseKey === key ? coarseSteps(range) : range.steps;
  const { data, error } = useQuery({
    queryKey: ['rate', name, zoom, steps],
    queryFn: ({ signal }) =>
      client.query(OverviewRateDocument, { ...boundsOf(range, Date.now()), steps }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: everyMs ?? false,
  });
  const isTooFine = isThroughlineError(error, 'LIMIT_EXCEEDED') && steps > coarseSteps(range);
  useEffect(() => {
    if (isTooFine) setCoarseKey(key);
  }, [isTooFine, key]);
  return { rate: data?.eventRate ?? [], error: isTooFine ? null : error };
}

/** Such as `15 s`, `1 min`, `2 h`. */
function stepText(ms: number): string {
  return durationText(ms).replace(/ 0 (?:s|min|h)$/, '');
}

function total(rate: Rate, name: (typeof lines)[number]['name']): number {
  return rate.reduce((sum, step) => sum + step[name], 0);
}

function chartData(rate: Rate) {
  return {
    times: rate.map(({ at }) => Date.parse(at)),
    values: lines.map(({ name }) => rate.map((step) => step[name])),
  };
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

function spanText({ from, to }: { from: number; to: number }): string {
  return clock.formatRange(from, to);
}
