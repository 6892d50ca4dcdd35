// Wake-ups for one consumer's waiting calls: on log entries that may match, and when a lease or a retry delay may
// end.
import { Alarm } from '../base/alarm.ts';
import type { Logger } from '../base/logger.ts';
import { limits } from '../base/limits.ts';
import type { Way } from '../domain/jobs/enroll.ts';
import { topicMatches } from '../domain/events/topic.ts';
import type { LiveChange } from '../live/change.ts';
import type { Live } from '../live/live.ts';
import type { LogTail } from '../log/tail.ts';

/**
 * How long the log is still watched after the last call ends, in milliseconds. The next call usually follows soon.
 */
const lingerMs = 1_000;

interface Told {
  /** New work may be available. `isOver`: a job ended, so only a sequential target may have new work. */
  wake(isOver: boolean): void;
  /** A timer fired: check for ready jobs. */
  ring(): void;
}

export class WakeUp {
  readonly #way: Way;
  readonly #tail: LogTail;
  readonly #live: Live;
  readonly #logger: Logger;
  readonly #tell: Told;
  #watching: Promise<() => void> | undefined;
  readonly #alarm: Alarm;
  /** Sources whose log entries must not wake anyone. */
  readonly #overheard = new Set<string>();
  #linger: NodeJS.Timeout | undefined;

  constructor(parts: { tail: LogTail; live: Live; logger: Logger }, way: Way, tell: Told) {
    this.#way = way;
    this.#tail = parts.tail;
    this.#live = parts.live;
    this.#logger = parts.logger;
    this.#tell = tell;
    this.#alarm = new Alarm(() => tell.ring());
  }

  /** Resolves when no later commit can be missed. */
  async watch(): Promise<void> {
    this.goOn();
    this.#watching ??= this.#begin();
    try {
      await this.#watching;
    } catch (error) {
      this.#watching = undefined;
      throw error;
    }
  }

  /** Cancels a pending stop. Returns false if the log is not being watched. */
  goOn(): boolean {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    return this.#watching !== undefined;
  }

  /** Ignores the log entry of this source: it is being delivered directly to a waiting call. */
  overhear(sourceId: string): void {
    this.#overheard.add(sourceId);
  }

  hear(sourceId: string): void {
    this.#overheard.delete(sourceId);
  }

  /** Stops watching soon, since no call is waiting. */
  rest(): void {
    if (this.#watching === undefined) return;
    this.#linger ??= setTimeout(() => this.stop(), lingerMs).unref();
  }

  /** Rings after this many milliseconds, unless a ring is already due earlier. */
  ringIn(ms: number): void {
    this.#alarm.ringIn(ms);
  }

  stop(): void {
    this.#alarm.off();
    clearTimeout(this.#linger);
    this.#linger = undefined;
    const watching = this.#watching;
    this.#watching = undefined;
    this.#overheard.clear();
    watching?.then(
      (end) => end(),
      (error: unknown) => this.#logger.debug({ err: error }, 'could not watch the log'),
    );
  }

  async #begin(): Promise<() => void> {
    const letGo = await this.#tail.hold();
    const { topics, target } = this.#way;
    const selector = { ids: null, requestIds: null, topics: [...topics, target], projects: null };
    const unwatch = this.#live.changes.watch({
      selector,
      accepts: () => true,
      push: (item) => this.#consider(item),
    });
    return () => {
      unwatch();
      letGo();
    };
  }

  #consider({ change: { kind, status, event }, filterable: { topic }, attempt }: LiveChange): void {
    if (kind === 'TRANSIENT') return;
    if (this.#overheard.delete(event.id)) return;
    if (status === 'FINISHED' && this.#way.topics.some((pattern) => topicMatches(pattern, topic)))
      this.#tell.wake(false);
    if (topic !== this.#way.target) return;
    // A job was created, or its holder reported. No lease granted now ends before the shortest possible one.
    const isHeld = attempt !== null && (kind !== 'STATUS' || status === 'IN_PROGRESS');
    if (isHeld) this.ringIn(limits.minLeaseMs);
    else this.#tell.wake(status === 'FINISHED' || status === 'ABORTED');
  }
}
