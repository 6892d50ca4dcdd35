// What a chart of lines shows.

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
  /** Called with the range that the viewer drew over with the pointer, in milliseconds since 1970. */
  readonly onBrush?: (from: number, to: number) => void;
  /** Called with the index of the time under the pointer; null: it is elsewhere. */
  readonly onHover?: (index: number | null) => void;
}
