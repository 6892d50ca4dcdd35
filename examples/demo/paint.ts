// Colours, on a terminal only: what goes to a file or a pipe stays plain text.
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'gray' | 'bold';

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

export function paint(colour: Colour, text: string): string {
  return coloured ? styleText(colour, text) : text;
}

const colourOfStatus: Readonly<Record<string, Colour>> = {
  FINISHED: 'green',
  FAILED: 'red',
  ABORTED: 'yellow',
};

/** A status, padded so that columns line up. */
export function paintStatus(status: string): string {
  return paint(colourOfStatus[status] ?? 'bold', status.padEnd(11));
}

export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}
