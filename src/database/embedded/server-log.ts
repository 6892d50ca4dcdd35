// What the embedded Postgres writes to its log: the line that says why it gave up, in words for the operator.

/** `2026-01-01 00:00:00.000 UTC [42] PANIC:  could not …`, or, before its log begins, `postgres: could not …`. */
const entry = /^(?:\S+ \S+ \S+ \[\d+\] (?<level>[A-Z]+):|postgres:)\s+(?<text>.+)$/;

/** Reads the lines as they come. */
export class ServerLog {
  #reason: string | undefined;
  #isDetailWanted = false;

  /** Whether the line says that the server has given up. */
  read(line: string): boolean {
    const { level, text = '' } = entry.exec(line)?.groups ?? {};
    const isLast = level === 'PANIC' || level === 'FATAL' || (text !== '' && level === undefined);
    if (isLast) this.#reason = text;
    else if (level === 'DETAIL' && this.#isDetailWanted) this.#reason += `. ${text}`;
    this.#isDetailWanted = isLast;
    return isLast || line.startsWith('Aborted(');
  }

  /** Undefined while it has not given up. Paths in it are those that the server knows. */
  get reason(): string | undefined {
    return this.#reason?.replaceAll('/pglite/data/', '').replaceAll('/pglite/data', 'the folder');
  }
}
