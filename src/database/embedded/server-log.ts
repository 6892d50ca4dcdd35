// Parser for the log of the embedded Postgres: finds the message that says why it failed.

/** `2026-01-01 00:00:00.000 UTC [42] PANIC:  could not …`, or, before its log begins, `postgres: could not …`. */
const entry = /^(?:\S+ \S+ \S+ \[\d+\] (?<level>[A-Z]+):|postgres:)\s+(?<text>.+)$/;

/** Processes the lines one by one. */
export class ServerLog {
  #reason: string | undefined;
  #isDetailWanted = false;

  /** Whether the line says that the server has failed. */
  read(line: string): boolean {
    const { level, text = '' } = entry.exec(line)?.groups ?? {};
    const isLast = level === 'PANIC' || level === 'FATAL' || (text !== '' && level === undefined);
    if (isLast) this.#reason = text;
    else if (level === 'DETAIL' && this.#isDetailWanted) this.#reason += `. ${text}`;
    this.#isDetailWanted = isLast;
    return isLast || line.startsWith('Aborted(');
  }

  /** Undefined until the server has failed. Paths are those inside the server. */
  get reason(): string | undefined {
    return this.#reason?.replaceAll('/pglite/data/', '').replaceAll('/pglite/data', 'the folder');
  }
}
