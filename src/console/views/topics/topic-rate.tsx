// How many events of a topic are sent, finish and fail over time.
import { useMemo } from 'react';
import { TopicRateDocument, type TopicRateQuery } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import type { ChartLine } from '../../base/chart/chart-data.ts';
import { LineChart } from '../../base/chart/line-chart.tsx';
import { countOf } from '../../base/count.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel } from '../../base/panel.tsx';
import { useQuery } from '@tanstack/react-query';
import { useSession } from '../../shell/session.ts';

const minute = 60_000;

const ranges: Readonly<Record<string, { readonly ms: number; readonly name: string }>> = {
  hour: { ms: 60 * minute, name: 'Hour' },
  day: { ms: 24 * 60 * minute, name: 'Day' },
  week: { ms: 7 * 24 * 60 * minute, name: 'Week' },
};

const steps = 60;

const lines: readonly ChartLine[] = [
  { name: 'sent', colour: '--accent' },
  { name: 'finished', colour: '--ok' },
  { name: 'failed', colour: '--bad' },
];

export function TopicRate({ topic }: { topic: string }) {
  const { client } = useSession();
  const [{ range = 'hour' }, change] = useAddress();
  const { ms } = ranges[range] ?? ranges.hour!;
  const { data, error } = useQuery({
    queryKey: ['topic rate', topic, ms],
    queryFn: ({ signal }) => {
      const to = new Date();
      const from = new Date(to.getTime() - ms);
      const variables = { topic, from: from.toISOString(), to: to.toISOString(), steps };
      return client.query(TopicRateDocument, variables, { signal });
    },
    refetchInterval: 10_000,
    placeholderData: (before) => before,
  });
  return (
    <Panel title="Rate" actions={<Ranges chosen={range} onChoose={(chosen) => change({ range: chosen })} />}>
      <ErrorNotice error={error} />
      {data && <RateChart rate={data.eventRate} />}
    </Panel>
  );
}

function Ranges({ chosen, onChoose }: { chosen: string; onChoose: (range: string) => void }) {
  return (
    <div className="segments" role="group" aria-label="Range">
      {Object.entries(ranges).map(([range, { name }]) => (
        <button key={range} className="small" aria-pressed={range === chosen} onClick={() => onChoose(range)}>
          {name}
        </button>
      ))}
    </div>
  );
}

function RateChart({ rate }: { rate: TopicRateQuery['eventRate'] }) {
  const data = useMemo(
    () => ({
      times: rate.map(({ at }) => Date.parse(at)),
      values: [
        rate.map(({ sent }) => sent),
        rate.map(({ finished }) => finished),
        rate.map(({ failed }) => failed),
      ],
    }),
    [rate],
  );
  const sent = rate.reduce((sum, step) => sum + step.sent, 0);
  const failed = rate.reduce((sum, step) => sum + step.failed, 0);
  return (
    <>
      <p className="panel-hint">
        {countOf(sent, 'event')} sent, {countOf(failed, 'failure')}.
      </p>
      <LineChart label="Events over time" lines={lines} data={data} />
    </>
  );
}
