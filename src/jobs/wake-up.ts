// Wake-ups for one consumer's waiting calls: on log entries that may match, and when a lease or a retry delay may
// end.
import { Alarm } from '../base/alarm.ts';
import type { Logger } from '../base/logger.ts';
import { limits } from '../base/limits.ts';
import { isWithin } from '../domain/access/row-scope.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import { topicMatches } from '../domain/events/topic.ts';
import type { LiveChange } from '../live/change.ts';
import type { Live } from '../live/live.ts';
import type { LogTail } from '../log/tail.ts';

/**
 * How long the log is still watched after the last call ends, in milliseconds. The next call usually follows soon.
 */
const lingerMs = 1_000;

interface Notified {
  /** New work may be available. `isOver`: a job ended, so only a sequential target may have new work. */
  wake(isOver: boolean): void;
  /** A timer fired: check for ready jobs. */
  onAlarm(): void;
}

export class WakeUp {
  readonly #definition: ConsumerDefinition;
  readonly #tail: LogTail;
  readonly #live: Live;
  readonly #logger: Logger;
  readonly #notify: Notified;
  #watched: Promise<() => void> | undefined;
  readonly #alarm: Alarm;
  /** Sources whose log entries must not wake anyone. */
  readonly #ownChanges = new Set<string>();
  #linger: NodeJS.Timeout | undefined;

  constructor(
    parts: { tail: LogTail; live: Live; logger: Logger },
    definition: ConsumerDefinition,
    notify: Notified,
  ) {
    this.#definition = definition;
    this.#tail = parts.tail;
    this.#live = parts.live;
    this.#logger = parts.logger;
    this.#notify = notify;
    this.#alarm = new Alarm(() => notify.onAlarm());
  }

  /** Resolves when no later commit can be missed. */
  async watch(): Promise<void> {
    this.goOn();
    this.#watched ??= this.#begin();
    try {
      await this.#watched;
    } catch (error) {
      this.#watched = undefined;
      throw error;
    }
  }

  /** Cancels a pending stop. Returns false if the log is not being watched. */
  goOn(): boolean {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    return this.#watched !== undefined;
  }

  /** Ignores the log entry of this source: it is being delivered directly to a waiting call. */
  notifyOfOwn(sourceId: string): void {
    this.#ownChanges.add(sourceId);
  }

  notify(sourceId: string): void {
    this.#ownChanges.delete(sourceId);
  }

  /** Stops watching soon, since no call is waiting. */
  rest(): void {
    if (this.#watched === undefined) return;
    this.#linger ??= setTimeout(() => this.stop(), lingerMs).unref();
  }

  /** Fires after this many milliseconds, or earlier if an earlier time was requested. */
  wakeIn(ms: number): void {
    this.#alarm.wakeIn(ms);
  }

  stop(): void {
    this.#alarm.off();
    clearTimeout(this.#linger);
    this.#linger = undefined;
    const watching = this.#watched;
    this.#watched = undefined;
    this.#ownChanges.clear();
    watching?.then(
      (end) => end(),
      (error: unknown) => this.#logger.debug({ err: error }, 'could not watch the log'),
    );
  }

  async #begin(): Promise<() => void> {
    const drop = await this.#tail.hold();
    const { topics, target, rows } = this.#definition;
    const selector = {
      ids: null,
      requestIds: rows?.requestIds ?? null,
      topics: [...topics, target],
      projects: rows?.projects ?? null,
    };
    const unwatch = this.#live.changes.watch({
      selector,
      accepts: ({ filterable }) => isWithin(rows, filterable),
      push: (item) => this.#consider(item),
    });
    return () => {
      unwatch();
      drop();
    };
  }

  #consider({ change: { kind, status, event }, filterable: { topic }, attempt }: LiveChange): void {
    if (kind === 'TRANSIENT') return;
    if (this.#ownChanges.delete(event.id)) return;
    if (status === 'FINISHED' && this.#definition.topics.some((pattern) => topicMatches(pattern, topic)))
      this.#notify.wake(false);
    if (topic !== this.#definition.target) return;
    // A job was created, or its holder reported. No lease granted now ends before the shortest possible one.
    const isHeld = attempt !== null && (kind !== 'STATUS' || status === 'IN_PROGRESS');
    if (isHeld) this.wakeIn(limits.minLeaseMs);
    else this.#notify.wake(status === 'FINISHED' || status === 'ABORTED');
  }
}
