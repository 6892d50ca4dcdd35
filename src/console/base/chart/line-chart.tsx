// A small chart of lines over time. Its library is loaded with the first chart.
import { lazy, Suspense } from 'react';

export interface ChartLine {
  readonly name: string;
  /** A variable of the theme, such as `--bad`. */
  readonly colour: string;
}

export interface ChartData {
  /** In milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  /** One list per line, as long as `times`; null where nothing is known. */
  readonly values: readonly (readonly (number | null)[])[];
}

export interface LineChartProps {
  /** What the chart shows, for those who cannot see it. */
  readonly label: string;
  readonly lines: readonly ChartLine[];
  readonly data: ChartData;
  readonly height?: number;
}

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
