// Rounds by turns, and what they come to: medians, and the spread of the ratios of figures taken in the same round.

export interface Goal {
  readonly least?: number;
  readonly most?: number;
}

/** One line of the table. */
export interface Row {
  /** The number of the aim; empty for what none is about. */
  readonly aim: string;
  readonly scenario: string;
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: string;
  readonly goal: string;
  readonly met: boolean | null;
}

export interface Comparison {
  readonly aim?: string;
  readonly scenario: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  /** Of ours ÷ theirs. */
  readonly goal?: Goal;
}

export type Sides<Name extends string> = Readonly<Record<Name, () => Promise<number>>>;

/** Each side once to warm up, then `rounds` times by turns. */
export async function byTurns<Name extends string>(
  sides: Sides<Name>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (const name of names) await sides[name]();
  for (let round = 0; round < rounds; round += 1)
    for (const name of names) figures[name].push(await sides[name]());
  return figures;
}

export function compare({ aim = '', scenario, unit, ours, theirs, goal = {} }: Comparison): Row {
  const ratios = ours.map((figure, round) => figure / theirs[round]!);
  const middle = quantile(ratios, 0.5);
  return {
    aim,
    scenario,
    ours: `${shown(quantile(ours, 0.5))} ${unit}`,
    theirs: `${shown(quantile(theirs, 0.5))} ${unit}`,
    ratio: spread(ratios),
    ...judged(middle, goal),
  };
}

/** A figure that has an aim of its own and is compared with nothing. */
export function alone({ aim = '', scenario, unit, ours, goal = {} }: Omit<Comparison, 'theirs'>): Row {
  const { goal: aimed, met } = judged(quantile(ours, 0.5), goal);
  return {
    aim,
    scenario,
    ours: `${spread(ours)} ${unit}`,
    theirs: '',
    ratio: '',
    goal: aimed && `${aimed} ${unit}`,
    met,
  };
}

function judged(value: number, { least, most }: Goal): { goal: string; met: boolean | null } {
  if (least !== undefined) return { goal: `≥ ${least}`, met: value >= least };
  if (most !== undefined) return { goal: `≤ ${most}`, met: value <= most };
  return { goal: '', met: null };
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  return `${shown(quantile(values, 0.5))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

function shown(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(value < 0.995 ? 2 : 3);
}

/** How many steps a second so many lanes make, each one after the other. A step answers how many it did, or one. */
export async function perSecond(
  ms: number,
  lanes: number,
  step: (lane: number) => Promise<number>,
): Promise<number> {
  const began = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (performance.now() < began + ms) {
        const steps = await step(lane);
        done += steps;
      }
    }),
  );
  return (1_000 * done) / (performance.now() - began);
}
