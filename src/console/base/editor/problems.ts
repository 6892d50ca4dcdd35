// What is wrong with the text of an editor, and where.

export interface Problem {
  /** Offsets in the text. */
  readonly from: number;
  readonly to: number;
  readonly message: string;
  /** What can stand there instead, with what the button says. */
  readonly fix?: { readonly label: string; readonly text: string } | undefined;
}

export type ParsedJson = { readonly value: unknown } | { readonly problems: readonly Problem[] };

/** Reads a text as JSON. */
export function parseJson(text: string): ParsedJson {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problems: [jsonProblem(text, (error as Error).message)] };
  }
}

/** Of an empty text none: there is nothing yet. */
export function jsonProblems(text: string): readonly Problem[] {
  if (text.trim() === '') return [];
  const parsed = parseJson(text);
  return 'problems' in parsed ? parsed.problems : [];
}

function jsonProblem(text: string, message: string): Problem {
  const position = /at position (\d+)/.exec(message)?.[1];
  const line = /line (\d+) column (\d+)/.exec(message);
  const at =
    position !== undefined ? Number(position) : line ? offsetOf(text, +line[1]!, +line[2]!) : text.length;
  const from = Math.min(at, Math.max(0, text.length - 1));
  return { from, to: Math.min(from + 1, text.length), message: message.replace(/ at position.*$/s, '') };
}

export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf('\n', start);
    if (end === -1) break;
    start = end + 1;
  }
  return Math.min(start + column - 1, text.length);
}

/** Such as `line 2, column 5`; of a text with one line only the column. */
export function placeText(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return text.includes('\n') ? `line ${line}, column ${column}` : `column ${column}`;
}

interface Check {
  readonly valid: boolean;
  readonly message?: string | null;
  readonly line?: number | null;
  readonly column?: number | null;
  readonly suggestion?: string | null;
}

/** What `verifyFilter` said, as a problem at its place. `offset`: where the expression begins in the text of the editor. */
export function celProblems(expression: string, check: Check, offset = 0): readonly Problem[] {
  if (check.valid) return [];
  const { message, line, column, suggestion } = check;
  const start = line && column ? offsetOf(expression, line, column) : 0;
  const at = suggestion ? nameNear(expression, start) : start;
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(expression.slice(at))?.[0] ?? expression.slice(at, at + 1);
  const from = Math.min(at, Math.max(0, expression.length - 1));
  const fix = suggestion ? { label: `Use ${suggestion}`, text: suggestion } : undefined;
  return [
    {
      from: offset + from,
      to: offset + from + Math.max(1, name.length),
      message: withoutPlace(message ?? 'Invalid'),
      fix,
    },
  ];
}

/** A call's position can be that of its dot or its bracket: the name is beside it. */
function nameNear(expression: string, at: number): number {
  if (/[A-Za-z_]/.test(expression[at] ?? '')) return at;
  if (expression[at] === '.') return at + 1;
  const before = /[A-Za-z_][A-Za-z0-9_]*\s*$/.exec(expression.slice(0, at));
  return before ? before.index : at;
}

/** The place is shown beside the message. */
function withoutPlace(message: string): string {
  return message.replace(/^where, line \d+, column \d+: /, '');
}
