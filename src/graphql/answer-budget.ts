// Limits the JSON of events that one operation may read and return, across all fields and aliases; each field of a mutation anew.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { type EventField, isJsonField, type PartialEvent } from '../domain/events/event.ts';

export class AnswerBudget {
  readonly #most: number;
  /** Returned by the mutation fields before this one. */
  #before = 0;
  #read = 0;
  #answered = 0;
  #turn: Promise<void> = Promise.resolve();
  /** The JSON fields of an event returned so far. */
  readonly #fields = new WeakMap<PartialEvent, Set<EventField>>();

  constructor(most: number = limits.operationBytes) {
    this.#most = most;
  }

  /** The budget of the next mutation field of the operation. */
  next(): AnswerBudget {
    const next = new AnswerBudget(this.#most);
    next.#before = this.#before + this.#answered;
    return next;
  }

  /** Refuses a mutation field before it does anything, if those before it have used up what may be returned. */
  begin(): void {
    if (this.#before + this.#answered >= this.#most) throw this.#exceeded();
  }

  /**
   * Reads of JSON run one after another, so that the total is known before the next one begins. `eventsOf` returns the
   * events of a result.
   */
  async read<Answer>(
    fields: readonly EventField[],
    read: () => Promise<Answer>,
    eventsOf: (answer: Answer) => readonly PartialEvent[],
  ): Promise<Answer> {
    if (!fields.some(isJsonField)) return read();
    const before = this.#turn;
    let end = () => {};
    this.#turn = new Promise((resolve) => (end = resolve));
    try {
      await before;
      if (this.#read >= this.#most) throw this.#exceeded();
      const answer = await read();
      for (const { jsonBytes = 0 } of eventsOf(answer)) this.#read += jsonBytes;
      return answer;
    } finally {
      end();
    }
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
  }

  #exceeded(): ThroughlineError {
    return new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The operation selects more than ${this.#most} bytes of JSON of events; request fewer events, or use several operations.`,
    );
  }
}
