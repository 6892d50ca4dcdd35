// Text of events made safe for a terminal, and shortened to its width.

/** Control characters could move the cursor or rename the window, and marks of direction could change what is read. */
// eslint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** On one line. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) =>
    character === '\n' || character === '\t'
      ? ' '
      : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

/** JSON on one line, safe for a terminal. */
export function compactJson(value: unknown): string {
  return printable(JSON.stringify(value) ?? '');
}

/** JSON as `--json` prints it. Marks of direction are escaped, which changes no value. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
