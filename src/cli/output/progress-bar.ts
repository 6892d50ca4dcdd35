// A line on a terminal that shows how far a long command is.
import type { Output } from './output.ts';

const everyMs = 100;
const barWidth = 24;

/** Draws nothing unless a terminal reads the messages. */
export class ProgressBar {
  readonly #output: Output;
  readonly #startedAt = Date.now();
  #drawnAt = 0;
  #isDrawn = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `part` is from 0 to 1; undefined if the total is not known. */
  update(text: (elapsedMs: number) => string, part?: number): void {
    const now = Date.now();
    if (!this.#output.isMessageTerminal || now - this.#drawnAt < everyMs) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    const full = part === undefined ? 0 : Math.round(Math.min(1, part) * barWidth);
    const percent = part === undefined ? '' : ` ${Math.floor(Math.min(1, part) * 100)} %`;
    const bar = part === undefined ? '' : `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}${percent}  `;
    const line = `${bar}${text(now - this.#startedAt)}`.slice(0, this.#output.messageWidth - 1);
    this.#output.rawMessage(`\r\u001b[2K${line}`);
  }

  /** Removes the line: before a message, and at the end. */
  clear(): void {
    if (this.#isDrawn) this.#output.rawMessage('\r\u001b[2K');
    this.#isDrawn = false;
    this.#drawnAt = 0;
  }
}
