// The chart of lines, drawn by uPlot in the colours of the theme.
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartData, LineChartProps } from './chart-data.ts';
import './line-chart.css';

export function DrawnLineChart({ lines, data, height = 160 }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const latest = useRef(data);
  latest.current = data;
  const key = JSON.stringify(lines);
  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      chart.current?.destroy();
      const options = optionsOf(JSON.parse(key) as LineChartProps['lines'], element.clientWidth, height);
      chart.current = new UPlot(options, aligned(latest.current), element);
    };
    draw();
    const sizes = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    // The colours are read when a chart is made.
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const preference = matchMedia('(prefers-color-scheme: dark)');
    preference.addEventListener('change', draw);
    return () => {
      sizes.disconnect();
      themes.disconnect();
      preference.removeEventListener('change', draw);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [key, height]);
  useEffect(() => chart.current?.setData(aligned(data)), [data]);
  return <div ref={place} className="line-chart-place" aria-hidden="true" />;
}

function aligned({ times, values }: ChartData): UPlot.AlignedData {
  return [times.map((time) => time / 1_000), ...values.map((line) => [...line])] as UPlot.AlignedData;
}

function optionsOf(lines: LineChartProps['lines'], width: number, height: number): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { range: (_chart, from, to) => [from, Math.max(to, from + leastSeconds)] },
      y: { range: (_chart, _least, most) => [0, Math.max(most ?? 0, 4)] },
    },
    axes: [
      { ...axis, incrs: steps, values: (_chart, ticks) => ticks.map(clockText) },
      { ...axis, size: 50, values: (_chart, ticks) => ticks.map(shortNumber) },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: variable }) => ({
        label: name,
        stroke: colour(variable),
        width: 1.75,
        points: { show: false },
      })),
    ],
  };
}

/** A chart shows this much time at least. */
const leastSeconds = 60;

const steps = [5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];

const withSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

function clockText(seconds: number): string {
  return withSeconds.format(seconds * 1_000);
}

function shortNumber(value: number): string {
  if (!Number.isInteger(value)) return '';
  return value >= 10_000 ? `${Math.round(value / 1_000)}k` : String(value);
}
