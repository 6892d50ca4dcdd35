// What of events only their filter in CEL can tell, after SQL has decided what it can, for many subscriptions at once.
import type { Database } from '../database/database.ts';
import { celFields, sift } from '../domain/cel/sift.ts';
import type { CelSubject } from '../domain/cel/subject.ts';
import type { Position } from '../domain/event.ts';
import type { Question } from '../domain/subscription.ts';
import type { Candidate, Found } from '../store/find-pending.ts';
import { readByIds } from '../store/read-events.ts';

/** Events that are read at once: each may have a payload of a megabyte. */
const batch = 50;
/** How long one subscription's tests go on before the others have their turn, in milliseconds. */
const testMs = 50;

/** An event on which the filter failed. */
export interface FilterFault {
  readonly position: Position;
  readonly error: string;
}

export interface Tested {
  /** In the order of the log. */
  readonly kept: readonly Candidate[];
  readonly faults: readonly FilterFault[];
  /** All up to here has been looked at. */
  readonly readTo: Position;
}

interface Asked {
  readonly question: Question;
  readonly found: Found;
}

/** In the order of `asked`. An event that is deleted at this moment is passed over. */
export async function siftCandidates(database: Database, asked: readonly Asked[]): Promise<Tested[]> {
  const tests = asked.map((one) => new Test(one));
  const open = tests.flatMap((test) => test.open.map((candidate) => ({ test, candidate })));
  for (let from = 0; from < open.length; from += batch) {
    const some = open.slice(from, from + batch).filter(({ test }) => !test.isCut);
    const subjects = await readSubjects(
      database,
      some.map(({ candidate }) => candidate),
    );
    for (const test of new Set(some.map((one) => one.test))) {
      const own = some.filter((one) => one.test === test);
      await test.run(
        own.map(({ candidate }) => candidate),
        subjects,
      );
    }
  }
  return tests.map((test) => test.result);
}

type Subjects = ReadonlyMap<string, CelSubject>;

/** The event as it stands, but for what the log kept of it. */
async function readSubjects(database: Database, candidates: readonly Candidate[]): Promise<Subjects> {
  if (candidates.length === 0) return new Map();
  const ids = [...new Set(candidates.map(({ id }) => id))];
  const events = new Map((await readByIds(database, ids, celFields)).map((event) => [event.id, event]));
  return new Map(
    candidates.flatMap(({ id, topic, project, user, sender, requestId, status }) => {
      const event = events.get(id);
      const kept = { topic, project, user, sender, requestId, status };
      return event ? [[id, { ...event, ...kept } as typeof event & CelSubject] as const] : [];
    }),
  );
}

class Test {
  readonly #question: Question;
  readonly #found: Found;
  readonly #kept: Candidate[] = [];
  readonly #faults: FilterFault[] = [];
  /** The last that was tested, where the time was up before the rest was. */
  #cutAt: Position | undefined;

  constructor({ question, found }: Asked) {
    this.#question = question;
    this.#found = found;
  }

  get isCut(): boolean {
    return this.#cutAt !== undefined;
  }

  /** What has to be tested. */
  get open(): readonly Candidate[] {
    return this.#question.filter === null ? [] : this.#found.candidates;
  }

  async run(candidates: readonly Candidate[], subjects: Subjects): Promise<void> {
    const rows = candidates.filter(({ id }) => subjects.has(id));
    const { filter } = this.#question;
    if (filter === null) return;
    const { kept, failed, tested } = await sift(filter, rows, ({ id }) => subjects.get(id)!, testMs);
    this.#kept.push(...kept);
    this.#faults.push(...failed.map(({ row, error }) => ({ position: row.position, error })));
    if (tested < rows.length) this.#cutAt = rows[tested - 1]?.position;
  }

  get result(): Tested {
    const { candidates, readTo } = this.#found;
    if (this.#question.filter === null) return { kept: candidates, faults: [], readTo };
    return { kept: this.#kept, faults: this.#faults, readTo: this.#cutAt ?? readTo };
  }
}
