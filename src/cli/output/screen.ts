// A part of the terminal that is drawn again and again in place.
import type { Output } from './output.ts';

export class Screen {
  readonly #output: Output;
  readonly #rows: () => number;
  #drawn = 0;

  constructor(output: Output, rows: () => number = () => process.stdout.rows || 24) {
    this.#output = output;
    this.#rows = rows;
  }

  /** Shows as many lines as the terminal has; the last one says how many are missing. */
  async draw(lines: readonly string[]): Promise<void> {
    const room = Math.max(2, this.#rows() - 1);
    const shown =
      lines.length > room ? [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`] : lines;
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A\r` : '';
    this.#drawn = shown.length;
    await this.#output.raw(`${up}${shown.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`);
  }
}
