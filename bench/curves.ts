// A drawing of how long calls take as the history grows: lines over a logarithmic axis, as SVG.

interface Line {
  readonly name: string;
  /** In milliseconds, one for each size. */
  readonly values: readonly number[];
}

const plot = { left: 56, top: 24, width: 420, height: 260 };
const colours = ['#0b6bcb', '#c2410c', '#15803d', '#7c3aed', '#b91c1c', '#0e7490', '#a16207'];

export function curves(sizes: readonly number[], lines: readonly Line[]): string {
  const top = niceTop(Math.max(...lines.flatMap(({ values }) => values)));
  const x = (n: number) => plot.left + (plot.width * n) / Math.max(1, sizes.length - 1);
  const y = (ms: number) => plot.top + plot.height * (1 - ms / top);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => part * top);
  const grid = ticks.map(
    (ms) =>
      `<line x1="${plot.left}" x2="${plot.left + plot.width}" y1="${y(ms)}" y2="${y(ms)}" stroke="#8884"/>` +
      label(plot.left - 8, y(ms) + 4, `${Number(ms.toPrecision(2))} ms`, 'end'),
  );
  const columns = sizes.map((size, n) =>
    label(x(n), plot.top + plot.height + 20, size.toLocaleString('en-US'), 'middle'),
  );
  const paths = lines.map(({ name, values }, n) => {
    const colour = colours[n % colours.length]!;
    const points = values.map((ms, at) => `${round(x(at))},${round(y(ms))}`).join(' ');
    const beside = plot.top + 12 + 20 * n;
    const legend = plot.left + plot.width + 20;
    return (
      `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      `<line x1="${legend}" x2="${legend + 18}" y1="${beside - 4}" y2="${beside - 4}" stroke="${colour}" stroke-width="3"/>` +
      label(legend + 24, beside, name, 'start')
    );
  });
  const height = plot.top + plot.height + 56;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#777">
<title>Time of a call by the number of events in the database</title>
${[...grid, ...columns, ...paths].join('\n')}
${label(plot.left + plot.width / 2, height - 10, 'events in the database', 'middle')}
</svg>
`;
}

function label(x: number, y: number, text: string, anchor: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${text.replaceAll('&', '&amp;')}</text>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

function niceTop(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((part) => part * unit).find((top) => top >= value) ?? 10 * unit;
}
