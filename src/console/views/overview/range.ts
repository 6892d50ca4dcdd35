// The range of time that the overview shows: the latest minutes or days, or a part that was chosen in the chart.

const minute = 60_000;
const hour = 60 * minute;

export const ranges = {
  '15m': { title: '15 min', ms: 15 * minute, steps: 60, everyMs: 3_000 },
  '1h': { title: '1 h', ms: hour, steps: 60, everyMs: 5_000 },
  '24h': { title: '24 h', ms: 24 * hour, steps: 96, everyMs: 15_000 },
  '7d': { title: '7 d', ms: 168 * hour, steps: 84, everyMs: 60_000 },
} as const;
export type RangeName = keyof typeof ranges;

export interface ChosenRange {
  readonly name: RangeName;
  /** Null: the range ends now, and goes on. */
  readonly zoom: { readonly from: number; readonly to: number } | null;
  readonly steps: number;
  readonly everyMs: number | undefined;
}

/** No chosen part is shorter, in milliseconds. */
export const shortestZoom = 10_000;

interface RangeAddress {
  readonly range?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What is not valid in the address is as if it were not there. */
export function chosenRange({ range, from, to }: RangeAddress): ChosenRange {
  const name: RangeName = range !== undefined && Object.hasOwn(ranges, range) ? (range as RangeName) : '1h';
  const [begin, end] = [Date.parse(from ?? ''), Date.parse(to ?? '')];
  if (end - begin >= shortestZoom)
    return { name, zoom: { from: begin, to: end }, steps: 60, everyMs: undefined };
  const { steps, everyMs } = ranges[name];
  return { name, zoom: null, steps, everyMs };
}

/** A range that goes on begins and ends at whole steps, so that its chart does not flicker. */
export function boundsOf({ name, zoom, steps }: ChosenRange, now: number): { from: string; to: string } {
  const { ms } = ranges[name];
  const stepMs = ms / steps;
  const end = Math.ceil(now / stepMs) * stepMs;
  const { from, to } = zoom ?? { from: end - ms, to: end };
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** So many steps that each takes a minute or more. */
export function coarseSteps({ name, zoom, steps }: ChosenRange): number {
  const ms = zoom ? zoom.to - zoom.from : ranges[name].ms;
  return Math.min(steps, Math.max(1, Math.floor(ms / minute)));
}

/** The part of the address for what was drawn over: at least the shortest, around its middle. */
export function zoomAddress(from: number, to: number): { from: string; to: string } {
  const half = Math.max(to - from, shortestZoom) / 2;
  const middle = (from + to) / 2;
  return { from: new Date(middle - half).toISOString(), to: new Date(middle + half).toISOString() };
}
