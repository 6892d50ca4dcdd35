// The chart of lines, drawn by uPlot in the colours of the theme.
import { type RefObject, useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartData, LineChartProps } from './chart-data.ts';
import './line-chart.css';

export function DrawnLineChart({ lines, data, height = 160, onBrush, onHover }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const latest = useRef(data);
  latest.current = data;
  const listeners = useRef({ onBrush, onHover });
  listeners.current = { onBrush, onHover };
  const hasBrush = onBrush !== undefined;
  const key = JSON.stringify(lines);
  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      chart.current?.destroy();
      const options = optionsOf(JSON.parse(key) as LineChartProps['lines'], element.clientWidth, height);
      const hooks = hooksOf(listeners);
      const cursor = { ...options.cursor, drag: { x: hasBrush, y: false, setScale: false } };
      chart.current = new UPlot({ ...options, hooks, cursor }, aligned(latest.current), element);
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
  }, [key, height, hasBrush]);
  useEffect(() => chart.current?.setData(aligned(data)), [data]);
  return <div ref={place} className="line-chart-place" aria-hidden="true" />;
}

/** A brush narrower than this is a click. */
const leastBrushPixels = 6;

function hooksOf(
  listeners: RefObject<{ [Name in 'onBrush' | 'onHover']: LineChartProps[Name] | undefined }>,
): NonNullable<UPlot.Options['hooks']> {
  return {
    setCursor: [({ cursor }) => listeners.current.onHover?.(cursor.idx ?? null)],
    setSelect: [
      (chart) => {
        const { left, width } = chart.select;
        if (width < leastBrushPixels) return;
        const [from, to] = [left, left + width].map((at) => chart.posToVal(at, 'x') * 1_000);
        chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        listeners.current.onBrush?.(from!, to!);
      },
    ],
  };
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
      { ...axis, size: 28, incrs: steps, values: (_chart, ticks) => axisTexts(ticks) },
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
const withMinutes = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const withDay = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric' });
const minute = 60;
const dayAndMore = 86_400;

/** As exact as the marks are apart. A mark at midnight names the day. */
function axisTexts(ticks: readonly number[]): string[] {
  const apart = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  return ticks.map((seconds) => {
    const at = new Date(seconds * 1_000);
    const isMidnight = at.getHours() === 0 && at.getMinutes() === 0;
    if (apart >= dayAndMore || (isMidnight && apart >= minute)) return withDay.format(at);
    return (apart > 0 && apart < minute ? withSeconds : withMinutes).format(at);
  });
}

function shortNumber(value: number): string {
  if (!Number.isInteger(value)) return '';
  return value >= 10_000 ? `${Math.round(value / 1_000)}k` : String(value);
}
