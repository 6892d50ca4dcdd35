// The backlog of a consumer, with its history since the page was opened.
import { useEffect, useMemo, useState } from 'react';
import type { BacklogCountsFragment } from '../../../../generated/console/graphql.ts';
import { Count } from '../../base/count.tsx';
import type { ChartLine } from '../../base/chart/chart-data.ts';
import { LineChart } from '../../base/chart/line-chart.tsx';
import { Panel } from '../../base/panel.tsx';
import { Duration } from '../../base/time.tsx';
import { countCap } from './consumer-title.ts';

const states = ['waiting', 'ready', 'retrying', 'held', 'exhausted'] as const;

const meanings: Readonly<Record<(typeof states)[number], string>> = {
  waiting: 'not claimed yet',
  ready: 'can be claimed again now',
  retrying: 'wait for their retry',
  held: 'claimed by a worker',
  exhausted: 'failed, no retries left',
};

const lines: readonly ChartLine[] = [
  { name: 'waiting', colour: '--accent' },
  { name: 'ready', colour: '--ok' },
  { name: 'retrying', colour: '--warn' },
  { name: 'held', colour: '--muted' },
  { name: 'exhausted', colour: '--bad' },
];

/** Half an hour of one sample in two seconds. */
const keptSamples = 900;

interface Sample {
  readonly at: number;
  readonly backlog: BacklogCountsFragment;
}

export function BacklogPanel({ backlog, at }: { backlog: BacklogCountsFragment; at: number }) {
  const samples = useSamples(backlog, at);
  const data = useMemo(
    () => ({
      times: samples.map((sample) => sample.at),
      values: states.map((state) => samples.map((sample) => sample.backlog[state])),
    }),
    [samples],
  );
  return (
    <Panel title="Backlog">
      <dl className="figures">
        {states.map((state) => (
          <div key={state} className={state === 'exhausted' ? 'is-bad' : undefined}>
            <dt>{state[0]!.toUpperCase() + state.slice(1)}</dt>
            <dd>
              <Count value={backlog[state]} isExact={isExact(backlog, state)} />
              <small>{meanings[state]}</small>
            </dd>
          </div>
        ))}
        <div>
          <dt>Oldest waits</dt>
          <dd>
            <Duration from={backlog.oldestWaitingAt} />
            <small>since it could be claimed</small>
          </dd>
        </div>
      </dl>
      {samples.length < 2 ? (
        <p className="muted">The chart shows the backlog from now on, while this page is open.</p>
      ) : (
        <LineChart label="The backlog since this page was opened" lines={lines} data={data} />
      )}
    </Panel>
  );
}

/** A filter that was not tested on everything makes `waiting` alone a lower bound. */
function isExact(backlog: BacklogCountsFragment, state: (typeof states)[number]): boolean {
  return backlog.isExact || (state !== 'waiting' && backlog[state] < countCap);
}

/** What was shown at which time, the latest last. */
function useSamples(backlog: BacklogCountsFragment, at: number): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([{ at, backlog }]);
  useEffect(() => {
    setSamples((before) =>
      before.at(-1)!.at >= at ? before : [...before.slice(1 - keptSamples), { at, backlog }],
    );
  }, [at, backlog]);
  return samples;
}
