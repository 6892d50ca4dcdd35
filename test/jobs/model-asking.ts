// What a call of enroll may answer by the model, and what the model makes of what it did answer.
import type { Position } from '../../src/domain/events/event.ts';
import type { Enrollment } from '../../src/operations/operations.ts';
import {
  isClaimable,
  isExpired,
  isWantedBy,
  type Model,
  type ModelEvent,
  type ModelJobEvent,
  type Terms,
} from './model.ts';
import { type Span, wants } from './model-cursors.ts';

export interface Ask extends Terms {
  readonly gateway: number;
  readonly count: number;
  readonly sequential: boolean;
  readonly sticky: boolean;
  readonly leaseMs: number;
}

/** What only the database tells: where a job's source became FINISHED, as it was read, and what is FAILED by now. */
export interface Seen {
  readonly sourcePositionOf: (id: string) => Position | null;
  readonly isFailed: (id: string) => boolean;
}

/** Fails where the answer breaks a rule; otherwise the model is as it is after it. */
export function answered(model: Model, ask: Ask, jobs: readonly Enrollment[], seen: Seen): void {
  must(jobs.length <= ask.count, 'more jobs than were asked for');
  must(new Set(jobs.map(({ event }) => event.id)).size === jobs.length, 'a job twice in one answer');
  new Answer(model, ask, jobs).check(seen);
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`by the model there is ${otherwise}`);
}

class Answer {
  readonly #model: Model;
  readonly #ask: Ask;
  readonly #jobs: readonly Enrollment[];
  /** How many of the jobs have been explained. */
  #done = 0;

  constructor(model: Model, ask: Ask, jobs: readonly Enrollment[]) {
    this.#model = model;
    this.#ask = ask;
    this.#jobs = jobs;
  }

  check(seen: Seen): void {
    const { sequential, sticky, definition } = this.#ask;
    this.#putDown(seen);
    if (sticky) this.#own();
    if (sequential) this.#sequential(seen);
    else this.#plain(seen);
    must(this.#done === this.#jobs.length, `no job left to be had, and ${this.#text(this.#done)}`);
    const missed = this.#model.open(definition.target).filter(isExpired);
    const asked = missed.filter((event) => isWantedBy(this.#model, event, definition));
    must(sequential || this.#left === 0 || asked.length === 0, 'a lost job that should be FAILED');
  }

  get #left(): number {
    return this.#ask.count - this.#jobs.length;
  }

  /** Lost in their last run: whoever asks for the target puts them down, at the latest where nothing else is left. */
  #putDown({ isFailed }: Seen): void {
    const lost = this.#model.open(this.#ask.definition.target).filter(isExpired);
    for (const event of lost) if (isFailed(event.id)) this.#model.expire(event);
  }

  /** A worker's own unfinished jobs: held ones again under a fresh lease, lost ones with the next attempt. */
  #own(): void {
    const { definition, worker, count, sequential } = this.#ask;
    const own = this.#model.open(definition.target).filter(({ job }) => job.worker === worker);
    const due = own.filter(
      (event) =>
        event.job.hold === 'held' ||
        (isClaimable(event) && (!sequential || this.#sequentialHead() === event)),
    );
    const expected = due.slice(0, count);
    const given = this.#take(expected.length);
    must(sameIds(given, expected), `an own job before ${this.#text(0)}`);
    for (const enrollment of given) this.#reclaim(enrollment);
  }

  /** The first of the target that is not over, where none is held. */
  #sequentialHead(): ModelJobEvent | null {
    const open = this.#model.open(this.#ask.definition.target);
    return open.some(({ job }) => job.hold === 'held') ? null : (open[0] ?? null);
  }

  #sequential(seen: Seen): void {
    const { definition, count } = this.#ask;
    if (this.#done === count) return;
    if (this.#model.open(definition.target).length === 0) return this.#new(1, seen);
    const head = this.#sequentialHead();
    if (!head) return;
    // One that is to be put down is so at once, unless it is nobody's whom this way of asking serves.
    const isWanted = isWantedBy(this.#model, head, definition);
    must(!isExpired(head) || !isWanted, 'a lost job at the head that should be FAILED');
    if (!isClaimable(head) || !isWanted) return;
    const [given] = this.#take(1);
    must(given?.event.id === head.id, `the job of the first source, but ${this.#text(this.#done - 1)}`);
    this.#reclaim(given);
  }

  /** What is ready for its next run, then new jobs. */
  #plain(seen: Seen): void {
    const { definition, count } = this.#ask;
    const isReady = (event: ModelJobEvent) =>
      isClaimable(event) && isWantedBy(this.#model, event, definition);
    const ready = this.#model.open(definition.target).filter(isReady);
    const given = this.#take(Math.min(count - this.#done, ready.length));
    for (const enrollment of given) {
      must(
        ready.some(({ id }) => id === enrollment.event.id),
        `a job ready before ${enrollment.event.id}`,
      );
      this.#reclaim(enrollment);
    }
    if (this.#done < count) this.#new(count - this.#done, seen);
  }

  #new(count: number, seen: Seen): void {
    const { gateway, definition, ...terms } = this.#ask;
    const { cursors } = this.#model;
    const candidates = new Map<ModelEvent, Span>();
    for (const event of this.#model.events.values()) {
      const span = this.#counts(event) ? cursors.spanOf(gateway, definition, event) : null;
      if (span) candidates.set(event, span);
    }
    const given = this.#take(Math.min(count, this.#jobs.length - this.#done));
    let last: Position | null = null;
    for (const { event, source, attempt, leaseUntil } of given) {
      const from = this.#model.events.get(source!.id);
      const span = from && candidates.get(from);
      must(from !== undefined && span !== undefined, `no new job for the source ${source!.id}`);
      const position = seen.sourcePositionOf(event.id);
      must(position !== null && from.finishes.includes(position), 'another place of the source');
      must(position >= span.first, 'a later place of the source');
      candidates.delete(from);
      if (cursors.inOrder) {
        const earlier = [...candidates.values()].some(
          (other) => other.last !== null && other.last < position,
        );
        must(!earlier, `an earlier source than ${source!.id}`);
      }
      must(attempt === 1, 'a first attempt');
      this.#model.create(event.id, from, position, { ...terms, definition }, leaseUntil);
      last = position;
    }
    const due = [...candidates.values()].filter((span) => span.last !== null);
    must(due.length === 0 || this.#jobs.length > 0, `a new job to be had (${due.length})`);
    const passed = [...this.#model.events.values()].filter((event) => !this.#counts(event));
    // An answer of less than was asked for may come of something that was read and not got: it is read again.
    if (this.#jobs.length === 0)
      cursors.readOn(gateway, definition, [...passed, ...candidates.keys()], 'END');
    else cursors.readOn(gateway, definition, passed, this.#left === 0 ? last : null);
  }

  #counts(event: ModelEvent): boolean {
    const { definition } = this.#ask;
    return (
      event.status === 'FINISHED' &&
      wants(definition, event) &&
      !this.#model.jobFor(event.id, definition.target)
    );
  }

  #reclaim({ event, source, attempt, leaseUntil }: Enrollment): void {
    const known = this.#model.events.get(event.id) as ModelJobEvent;
    if (known.job.hold === 'held') known.job.until = leaseUntil;
    else this.#model.claim(known, this.#ask, leaseUntil);
    must(attempt === known.job.attempt, `attempt ${known.job.attempt}, not ${attempt}`);
    must(source!.id === known.parent, 'another source');
  }

  #take(count: number): readonly Enrollment[] {
    const given = this.#jobs.slice(this.#done, this.#done + count);
    must(given.length === count, `more to be had: ${count} of what comes after ${this.#done}`);
    this.#done += count;
    return given;
  }

  #text(from: number): string {
    const rest = this.#jobs.slice(from).map(({ event, attempt }) => `${event.id} (attempt ${attempt})`);
    return rest.join(', ') || 'nothing was answered';
  }
}

function sameIds(given: readonly Enrollment[], expected: readonly ModelJobEvent[]): boolean {
  const ids = new Set(expected.map(({ id }) => id));
  return given.every(({ event }) => ids.has(event.id));
}
