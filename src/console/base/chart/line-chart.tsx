// A small chart of lines over time. Its library is loaded with the first chart.
import { lazy, Suspense } from 'react';

import type { LineChartProps } from './chart-data.ts';

const Drawn = lazy(async () => ({ default: (await import('./line-chart-drawn.tsx')).DrawnLineChart }));

export function LineChart(props: LineChartProps) {
  const { height = 160, lines } = props;
  return (
    <figure className="line-chart" aria-label={props.label}>
      <Suspense fallback={<div style={{ height }} />}>
        <Drawn {...props} height={height} />
      </Suspense>
      <figcaption>
        {lines.map(({ name, colour }) => (
          <span key={name}>
            <i style={{ background: `var(${colour})` }} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
