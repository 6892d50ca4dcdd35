// Progress bars in the terminal: drawn in place where it can, otherwise a line for every tenth of the work.
import type { Board, Tally } from './board.ts';
import { paint } from './paint.ts';

export interface Row {
  readonly label: string;
  /** How many events there will be. */
  readonly expected: number;
  isOfRow(topic: string): boolean;
}

const barWidth = 28;
const redrawMs = 80;

export class Bars {
  readonly #board: Board;
  readonly #rows: readonly Row[];
  readonly #inPlace = process.stdout.isTTY === true;
  #timer: NodeJS.Timeout | undefined;
  #linesDrawn = 0;
  #tenthsPrinted = -1;

  /** The last row is the overall one. */
  constructor(board: Board, rows: readonly Row[]) {
    this.#board = board;
    this.#rows = rows;
  }

  start(): void {
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), redrawMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    const tallies = this.#rows.map((row) => ({ row, tally: this.#board.tally(row.isOfRow) }));
    if (this.#inPlace) this.#redraw(tallies.map(({ row, tally }) => bar(row, tally)));
    else this.#printTenth(tallies);
  }

  #redraw(lines: readonly string[]): void {
    // Up to the first bar, and each line anew: \x1b[K clears what is left of the old one.
    const up = this.#linesDrawn > 0 ? `\x1b[${this.#linesDrawn}A` : '';
    process.stdout.write(`${up}${lines.map((line) => `${line}\x1b[K\n`).join('')}`);
    this.#linesDrawn = lines.length;
  }

  #printTenth(tallies: readonly { row: Row; tally: Tally }[]): void {
    const overall = tallies.at(-1)!;
    const tenths = Math.floor(share(overall.row, overall.tally) * 10);
    if (tenths <= this.#tenthsPrinted) return;
    this.#tenthsPrinted = tenths;
    const steps = tallies.slice(0, -1).map(({ row, tally }) => `${row.label} ${tally.ended}/${row.expected}`);
    process.stdout.write(`${`${tenths * 10} %`.padStart(6)}  ${steps.join(', ')}\n`);
  }
}

function bar(row: Row, tally: Tally): string {
  const part = share(row, tally);
  const filled = Math.floor(part * barWidth);
  const cells = '█'.repeat(filled) + paint('gray', '░'.repeat(barWidth - filled));
  const percent = `${Math.floor(part * 100)} %`.padStart(6);
  const ended = `${tally.ended}/${row.expected}`.padStart(10);
  return `${row.label.padEnd(11)}${cells}${percent}${ended}  ${troubles(tally)}`;
}

function troubles({ failed, aborted }: Tally): string {
  const parts = [failed > 0 && paint('red', `${failed} failed`), aborted > 0 && `${aborted} aborted`];
  return parts.filter((part) => part !== false).join(', ');
}

function share({ expected }: Row, { done }: Tally): number {
  return Math.min(1, done / expected);
}
