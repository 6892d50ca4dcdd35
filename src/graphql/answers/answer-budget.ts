// Limits the JSON of events that one operation may read and return, across all fields and aliases; each field of a mutation anew.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type EventField, isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import type { HeldAnswers } from './held-answers.ts';

/** Where it counts what the operation holds, and for whom. */
export interface Holder {
  readonly answers: HeldAnswers;
  readonly caller: string;
}

type Read<Answer> = () => Promise<Answer>;
type EventsOf<Answer> = (answer: Answer) => readonly PartialEvent[];

export class AnswerBudget {
  readonly #holder: Holder | null;
  readonly #most: number;
  /** Returned by the mutation fields before this one. */
  #before = 0;
  #read = 0;
  #answered = 0;
  #held = 0;
  /** Held for the mutation fields before this one. */
  #heldBefore = 0;
  #isOver = false;
  #turn: Promise<void> = Promise.resolve();
  /** The JSON fields of an event returned so far. */
  readonly #fields = new WeakMap<PartialEvent, Set<EventField>>();

  constructor(holder: Holder | null, most: number = limits.operationBytes) {
    this.#holder = holder;
    this.#most = most;
  }

  /** JSON that the answer has so far, in bytes. */
  get answered(): number {
    return this.#before + this.#answered;
  }

  /** The budget of the next mutation field of the operation. */
  next(): AnswerBudget {
    const next = new AnswerBudget(this.#holder, this.#most);
    next.#before = this.answered;
    next.#heldBefore = this.#heldBefore + this.#held;
    this.#isOver = true;
    return next;
  }

  /** Refuses a mutation field before it does anything, if those before it have used up what may be returned. */
  begin(): void {
    if (this.answered >= this.#most) throw this.#exceeded();
  }

  /**
   * Reads of JSON run one after another, so that the total is known before the next one begins. `eventsOf` returns the
   * events of a result.
   */
  async read<Answer>(
    fields: readonly EventField[],
    read: Read<Answer>,
    eventsOf: EventsOf<Answer>,
  ): Promise<Answer> {
    if (!fields.some(isJsonField)) return read();
    const before = this.#turn;
    let end = () => {};
    this.#turn = new Promise((resolve) => (end = resolve));
    try {
      await before;
      if (this.#read >= this.#most) throw this.#exceeded();
      const answer = await this.hold(fields, read, eventsOf);
      this.#read += bytesOf(eventsOf(answer));
      return answer;
    } finally {
      end();
    }
  }

  /** Reads as soon as there is room for what all operations hold, and counts it there until the end of this one. */
  async hold<Answer>(
    fields: readonly EventField[],
    read: Read<Answer>,
    eventsOf: EventsOf<Answer>,
  ): Promise<Answer> {
    if (this.#holder === null || !fields.some(isJsonField)) return read();
    const { answers, caller } = this.#holder;
    return answers.read(caller, async () => {
      const answer = await read();
      this.#hold(this.#held + bytesOf(eventsOf(answer)));
      return answer;
    });
  }

  /** Counts a returned JSON field. A field returned again, by an alias or below another event, counts again. */
  answer(event: PartialEvent, field: EventField): void {
    const { jsonBytes } = event;
    if (jsonBytes === undefined || !isJsonField(field)) return;
    const answered = this.#fields.get(event);
    if (answered && !answered.has(field)) return void answered.add(field);
    if (!answered) this.#fields.set(event, new Set([field]));
    if (this.#answered > 0 && this.#answered + jsonBytes > this.#most) throw this.#exceeded();
    this.#answered += jsonBytes;
    this.#hold(this.#answered);
  }

  /** The answer is there: nothing is held for it any more. */
  end(): void {
    this.#isOver = true;
    const held = this.#heldBefore + this.#held;
    [this.#heldBefore, this.#held] = [0, 0];
    if (held > 0) this.#holder?.answers.remove(this.#holder.caller, held);
  }

  #hold(bytes: number): void {
    if (this.#holder === null || this.#isOver || bytes <= this.#held) return;
    this.#holder.answers.add(this.#holder.caller, bytes - this.#held);
    this.#held = bytes;
  }

  #exceeded(): ThroughlineError {
    return new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The operation selects more than ${this.#most} bytes of JSON of events; request fewer events, or use several operations.`,
    );
  }
}

function bytesOf(events: readonly PartialEvent[]): number {
  return events.reduce((sum, { jsonBytes = 0 }) => sum + jsonBytes, 0);
}
