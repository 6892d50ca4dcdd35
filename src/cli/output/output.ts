// What a command prints: data to standard output, messages to standard error.
import { once } from 'node:events';
import type { WriteStream } from 'node:tty';
import { hasColours, type Paint, painter } from './colours.ts';
import { printable, safeJson, shorten } from './printable.ts';

export interface OutputOptions {
  readonly json: boolean;
  readonly colours: boolean;
}

type Stream = Pick<WriteStream, 'isTTY' | 'columns'> & NodeJS.WritableStream;

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

export class Output {
  readonly isJson: boolean;
  /** For standard output. */
  readonly paint: Paint;
  /** For standard error. */
  readonly paintMessage: Paint;
  readonly #data: Stream;
  readonly #messages: Stream;

  constructor(
    { json, colours }: OutputOptions,
    data: Stream = process.stdout,
    messages: Stream = process.stderr,
  ) {
    this.isJson = json;
    this.#data = data;
    this.#messages = messages;
    this.paint = painter(!json && hasColours(data, process.env, colours));
    this.paintMessage = painter(hasColours(messages, process.env, colours));
  }

  /** Whether a person reads the data. */
  get isTerminal(): boolean {
    return Boolean(this.#data.isTTY) && !this.isJson;
  }

  get isMessageTerminal(): boolean {
    return Boolean(this.#messages.isTTY);
  }

  /** The width of the terminal; unbounded for pipes and files. */
  get width(): number {
    return this.#data.isTTY ? this.#data.columns || 80 : Infinity;
  }

  get messageWidth(): number {
    return this.#messages.isTTY ? this.#messages.columns || 80 : 80;
  }

  /** Waits for a slow reader. */
  async line(text: string): Promise<void> {
    await this.raw(`${text}\n`);
  }

  async raw(text: string): Promise<void> {
    if (!this.#data.write(text)) await once(this.#data, 'drain');
  }

  /** One line of JSON. */
  async json(value: unknown): Promise<void> {
    await this.line(safeJson(value));
  }

  /** The value as JSON with `--json`, else what `print` makes of it. */
  async result<Value>(value: Value, print: (value: Value) => string): Promise<void> {
    if (this.isJson) await this.json(value);
    else await this.line(print(value));
  }

  message(text: string): void {
    this.#messages.write(`${text}\n`);
  }

  rawMessage(text: string): void {
    this.#messages.write(text);
  }

  /** Cells are made safe for terminals. The last column is cut at the width of the terminal. */
  table(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string {
    const cells = rows.map((row) => row.map((cell) => printable(String(cell))));
    const widths = columns.map(({ title }, n) =>
      Math.max(title.length, ...cells.map((row) => row[n]!.length)),
    );
    const lineOf = (row: readonly string[]) => {
      const padded = row.map((cell, n) => {
        if (columns[n]!.align === 'right') return cell.padStart(widths[n]!);
        return n === columns.length - 1 ? cell : cell.padEnd(widths[n]!);
      });
      return shorten(padded.join('  ').trimEnd(), this.width);
    };
    const head = this.paint('bold', lineOf(columns.map(({ title }) => title.toUpperCase())));
    return [head, ...cells.map(lineOf)].join('\n');
  }
}
