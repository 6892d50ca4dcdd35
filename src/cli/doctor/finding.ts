// What `throughline doctor` finds: one line each, with what to do about it.

export interface Finding {
  /** `note` tells a figure; only a `problem` makes the command fail. */
  readonly level: 'ok' | 'note' | 'warning' | 'problem';
  /** What was looked at, such as `clock`. */
  readonly check: string;
  readonly message: string;
  readonly hint?: string;
}

export function ok(check: string, message: string): Finding {
  return { level: 'ok', check, message };
}

export function note(check: string, message: string): Finding {
  return { level: 'note', check, message };
}

export function warning(check: string, message: string, hint: string): Finding {
  return { level: 'warning', check, message, hint };
}

export function problem(check: string, message: string, hint?: string): Finding {
  return { level: 'problem', check, message, ...(hint !== undefined && { hint }) };
}
