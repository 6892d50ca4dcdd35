// How much JSON of events one operation may read and answer, however many fields and aliases ask for it.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { type EventField, isJsonField, type PartialEvent } from '../domain/event.ts';

export class AnswerBudget {
  readonly #most: number;
  #read = 0;
  #answered = 0;
  #turn: Promise<void> = Promise.resolve();
  /** The JSON fields of an event that were answered so far. */
  readonly #fields = new WeakMap<PartialEvent, Set<EventField>>();

  constructor(most: number = limits.operationBytes) {
    this.#most = most;
  }

  /**
   * Reads of JSON go one after another, so that what all fields of a document read is known before the next one begins;
   * `eventsOf` tells the events of an answer.
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

  /** Call for each JSON field that is answered: one that is answered again, by an alias or below another event, counts again. */
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
      `The operation asks for more than ${this.#most} bytes of JSON of events; ask for fewer at once, or in several operations.`,
    );
  }
}
