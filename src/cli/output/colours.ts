// Colours of a terminal: used only where one reads, and neither NO_COLOR nor --no-color is set.

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

interface Reader {
  readonly isTTY?: boolean | undefined;
}

/** NO_COLOR and FORCE_COLOR as https://no-color.org and Node.js have them. */
export function hasColours({ isTTY = false }: Reader, env: NodeJS.ProcessEnv, isAllowed: boolean): boolean {
  if (!isAllowed || env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return isTTY && env.TERM !== 'dumb';
}

export function painter(isColoured: boolean): Paint {
  if (!isColoured) return (_colour, text) => text;
  return (colour, text) => {
    const [on, off] = codes[colour];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

export function statusColour(status: string): Colour {
  if (status === 'FINISHED') return 'green';
  if (status === 'FAILED' || status === 'ABORTED') return 'red';
  return status === 'IN_PROGRESS' ? 'cyan' : 'yellow';
}
