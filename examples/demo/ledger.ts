// The demo's own account of what it did: every change that the gateway acknowledged. The checks hold it against what
// the gateway tells, live and afterwards; nothing of it is shown while the demo runs.

/** What the demo asks of every event that it sends or changes. */
export interface Acknowledged {
  readonly id: string;
  readonly status: string;
  /** The place of this change in the log. */
  readonly position: string;
}

export const acknowledgedFields = 'id status position';

export class Ledger {
  /** Of every change that was made. */
  readonly positions = new Set<string>();
  /** How many reports of progress were sent. */
  progressReports = 0;
  /** How many sends were answered as duplicates. */
  duplicates = 0;
  readonly #topics = new Map<string, string>();
  readonly #statuses = new Map<string, string>();

  sent(topic: string, event: Acknowledged): Acknowledged {
    this.#topics.set(event.id, topic);
    return this.changed(event);
  }

  changed(event: Acknowledged): Acknowledged {
    this.positions.add(event.position);
    this.#statuses.set(event.id, event.status);
    return event;
  }

  /** How many events there must be for each topic and status. */
  counts(): Map<string, Map<string, number>> {
    const counts = new Map<string, Map<string, number>>();
    for (const [id, topic] of this.#topics) {
      const status = this.#statuses.get(id)!;
      const statuses = counts.get(topic) ?? new Map<string, number>();
      counts.set(topic, statuses.set(status, (statuses.get(status) ?? 0) + 1));
    }
    return counts;
  }
}
