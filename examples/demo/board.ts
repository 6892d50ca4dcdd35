// What is known of a run from its subscriptions alone. The progress bars are drawn from this and nothing else.
import type { EventChange, EventProgress } from 'throughline-client';

interface Seen {
  readonly topic: string;
  readonly status: string;
  /** From 0 to 1. */
  readonly done: number;
}

/** One row of the bars: what is known of the events of some topics. */
export interface Tally {
  readonly events: number;
  readonly ended: number;
  readonly failed: number;
  readonly aborted: number;
  /** The events that ended, and of the others the part that is done. */
  readonly done: number;
}

const endings = ['FINISHED', 'FAILED', 'ABORTED'];

export class Board {
  /** Of every change that came, in the order in which they came. */
  readonly positions: string[] = [];
  /** How many reports of progress came. */
  progressReports = 0;
  readonly #events = new Map<string, Seen>();

  get changes(): number {
    return this.positions.length;
  }

  change({ position, status, event: { id, topic } }: EventChange): void {
    this.positions.push(position!);
    const done = endings.includes(status) ? 1 : (this.#events.get(id)?.done ?? 0);
    this.#events.set(id, { topic, status, done });
  }

  /** Progress travels apart from the changes: it may come before the event is known, or after it has ended. */
  progress({ eventId, topic, progress }: EventProgress): void {
    this.progressReports += 1;
    const { status = 'PENDING', done = 0 } = this.#events.get(eventId) ?? {};
    this.#events.set(eventId, { topic, status, done: Math.max(done, progress / 100) });
  }

  tally(isOfRow: (topic: string) => boolean): Tally {
    const events = [...this.#events.values()].filter(({ topic }) => isOfRow(topic));
    const having = (...statuses: string[]) => events.filter(({ status }) => statuses.includes(status)).length;
    return {
      events: events.length,
      ended: having(...endings),
      failed: having('FAILED'),
      aborted: having('ABORTED'),
      done: events.reduce((sum, { done }) => sum + done, 0),
    };
  }
}
