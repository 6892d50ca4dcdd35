// Tells the calls that wait for a way of asking when the log says that there may be something for them, and when a lease or
// a pause may end.
import { Alarm } from '../base/alarm.ts';
import type { Logger } from '../base/logger.ts';
import { limits } from '../base/limits.ts';
import type { Way } from '../domain/enroll.ts';
import { topicMatches } from '../domain/topic.ts';
import type { LiveChange } from '../live/change.ts';
import type { Live } from '../live/live.ts';
import type { LogTail } from '../log/tail.ts';

/** How long the log is still watched when nobody waits: the next call is mostly near. */
const lingerMs = 1_000;

interface Told {
  /** There may be something now. `isOver`: only a job came to its end, so that another one of a sequential target can begin. */
  wake(isOver: boolean): void;
  /** It is time to see whether something is ready. */
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
  /** Sources that are no reason to wake. */
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

  /** Resolves when nothing that is committed from now on is missed. */
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

  /** Where it still watches, it does not stop soon; else false. */
  goOn(): boolean {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    return this.#watching !== undefined;
  }

  /** This source, which is about to be written, goes to somebody who waits. */
  overhear(sourceId: string): void {
    this.#overheard.add(sourceId);
  }

  hear(sourceId: string): void {
    this.#overheard.delete(sourceId);
  }

  /** Nobody waits at the moment. */
  rest(): void {
    if (this.#watching === undefined) return;
    this.#linger ??= setTimeout(() => this.stop(), lingerMs).unref();
  }

  /** Rings after so many milliseconds, unless it does so earlier. */
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
      (error: unknown) => this.#logger.debug({ err: error }, 'the log could not be watched'),
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
    // A job was made, or its holder reported: no lease made now ends sooner than this.
    const isHeld = attempt !== null && (kind !== 'STATUS' || status === 'IN_PROGRESS');
    if (isHeld) this.ringIn(limits.minLeaseMs);
    else this.#tell.wake(status === 'FINISHED' || status === 'ABORTED');
  }
}
