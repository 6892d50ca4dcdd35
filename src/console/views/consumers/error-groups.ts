// Groups of jobs that failed with the same error.

export interface ExhaustedJob {
  readonly id: string;
  readonly finishedAt?: string | null;
  readonly description: string;
  readonly error?: { readonly code?: string | null; readonly message: string } | null;
}

export interface ErrorGroup {
  readonly key: string;
  readonly code: string | null;
  readonly message: string;
  /** The latest failure. */
  readonly lastAt: string | null;
  readonly ids: readonly string[];
}

/** The largest first. Messages that differ only in numbers and ids are the same error. */
export function groupsOf(jobs: readonly ExhaustedJob[]): readonly ErrorGroup[] {
  const groups = new Map<
    string,
    { -readonly [Key in keyof ErrorGroup]: ErrorGroup[Key] } & { ids: string[] }
  >();
  for (const { id, finishedAt = null, description, error } of jobs) {
    const code = error?.code ?? null;
    const message = error?.message || description || 'No error was reported.';
    const key = `${code ?? ''} ${sameIn(message)}`;
    const group = groups.get(key);
    if (!group) groups.set(key, { key, code, message, lastAt: finishedAt, ids: [id] });
    else {
      group.ids.push(id);
      if (finishedAt !== null && (group.lastAt === null || finishedAt > group.lastAt))
        group.lastAt = finishedAt;
    }
  }
  return [...groups.values()].sort((one, other) => other.ids.length - one.ids.length);
}

function sameIn(message: string): string {
  return message
    .slice(0, 500)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '#')
    .replace(/\d+/g, '#');
}
