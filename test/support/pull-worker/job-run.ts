// One run of a job: the work, the heartbeats that keep its lease meanwhile, and what is written in the end.
import { setTimeout as delay } from 'node:timers/promises';
import { type Gateway, Refused } from '../../../examples/webhook/gateway.ts';
import type { FurtherEvent, Job, Tools, WorkerSettings } from './job.ts';

const update = 'mutation($input: UpdateEventInput!) { updateEvent(input: $input) { id } }';
const send = 'mutation($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }';
const extend = `mutation($id: ID!, $attempt: Int!, $leaseMs: Int!) {
  extendLease(eventId: $id, attempt: $attempt, leaseMs: $leaseMs) { until } }`;
const release = 'mutation($id: ID!, $attempt: Int!) { releaseJob(eventId: $id, attempt: $attempt) { id } }';

/** The job is somebody else's now, or nobody's: nothing more is to be written. */
export class LeaseLost extends Error {}
/** The worker is stopping and its grace period is over. */
export class Stopping extends Error {}

export class JobRun {
  readonly #gateway: Gateway;
  readonly #job: Job;
  readonly #settings: WorkerSettings;
  readonly #leaseMs: number;
  /** Aborted with why the work has to end. */
  readonly #end = new AbortController();
  readonly #done = new AbortController();

  /** `grace` is aborted when the time of a worker that stops is over. */
  constructor(gateway: Gateway, job: Job, settings: WorkerSettings, grace: AbortSignal) {
    this.#gateway = gateway;
    this.#job = job;
    this.#settings = settings;
    this.#leaseMs = settings.leaseMs ?? 30_000;
    const { signal } = this.#done;
    grace.addEventListener('abort', () => this.#end.abort(grace.reason), { signal });
    if (grace.aborted) this.#end.abort(grace.reason);
  }

  /** Never rejects: what cannot be written comes back to somebody when the lease ends. */
  async run(): Promise<void> {
    this.#report('taken');
    void this.#keepLease();
    try {
      await this.#change({ status: 'IN_PROGRESS' });
      const result = await this.#work();
      await this.#change({ status: 'FINISHED', result: result ?? null });
      this.#report('finished');
    } catch (error) {
      await this.#conclude(error).catch((failure: Error) => this.#report(failure.message));
    } finally {
      this.#done.abort();
    }
  }

  /** Work that does not mind its signal is left to itself: whatever it still wants to write is refused. */
  async #work(): Promise<unknown> {
    const { signal } = this.#end;
    const tools: Tools = {
      signal,
      progress: (percent, description) => this.#progress(percent, description),
      send: (event) => this.#send(event),
    };
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([this.#settings.handle(this.#job, tools), ended]);
  }

  /** The work ended with an error: of its own, or since it had to end. */
  async #conclude(error: unknown): Promise<void> {
    const { id, attempt } = this.#job;
    const why = this.#end.signal.aborted ? this.#end.signal.reason : error;
    if (why instanceof LeaseLost) return this.#report(`lost: ${why.message}`);
    if (why instanceof Stopping) {
      await this.#gateway.ask(release, { id, attempt });
      return this.#report('released');
    }
    await this.#change({ status: 'FAILED', error: describe(why) });
    this.#report(`failed: ${describe(why).message}`);
  }

  /**
   * A third of the lease is time for two more tries before it ends. When it ends is reckoned by this machine's own clock
   * from before the request: the gateway's may show another time.
   */
  async #keepLease(): Promise<void> {
    const { id, attempt } = this.#job;
    const { signal } = this.#done;
    const variables = { id, attempt, leaseMs: this.#leaseMs };
    const everyMs = Math.floor(this.#leaseMs / 3);
    let endsAt = performance.now() + this.#leaseMs;
    while (await passed(everyMs, signal)) {
      const askedAt = performance.now();
      try {
        await this.#gateway.ask(extend, variables, { signal, withinMs: everyMs });
        endsAt = askedAt + this.#leaseMs;
      } catch (error) {
        if (signal.aborted) return;
        this.#report(`no heartbeat: ${(error as Error).message}`);
        this.#loseIfLost(error);
        if (performance.now() >= endsAt) this.#end.abort(new LeaseLost('The lease could not be kept.'));
        if (this.#end.signal.aborted) return;
      }
    }
  }

  /** Repeated until it is answered or the lease is over. */
  async #change(change: object): Promise<void> {
    const { id, attempt } = this.#job;
    await this.#whileHeld(
      this.#gateway.insist(update, { input: { id, attempt, ...change } }, this.#asking()),
    );
  }

  /** Not worth repeating: what comes next says more. */
  async #progress(progress: number, description: string | undefined): Promise<void> {
    const { id, attempt } = this.#job;
    const input = { id, attempt, progress, description };
    await this.#whileHeld(this.#gateway.ask(update, { input }, this.#asking())).catch((error: Error) => {
      this.#end.signal.throwIfAborted();
      this.#report(`progress was not told: ${error.message}`);
    });
  }

  async #send(event: FurtherEvent): Promise<string> {
    const { id } = this.#job;
    const input = { hash: `${id}/${event.topic}`, sender: this.#settings.worker, ...event, dependsOn: id };
    const { sendEvent } = await this.#gateway.insist<{ sendEvent: { event: { id: string } } }>(
      send,
      { input },
      this.#asking(),
    );
    return sendEvent.event.id;
  }

  #asking(): { readonly signal: AbortSignal } {
    this.#end.signal.throwIfAborted();
    return { signal: this.#end.signal };
  }

  async #whileHeld<Data>(asked: Promise<Data>): Promise<Data> {
    try {
      return await asked;
    } catch (error) {
      this.#loseIfLost(error);
      throw error;
    }
  }

  /** NOT_FOUND: the job was deleted. */
  #loseIfLost(error: unknown): void {
    if (error instanceof Refused && (error.code === 'LEASE_LOST' || error.code === 'NOT_FOUND'))
      this.#end.abort(new LeaseLost(error.message));
  }

  #report(what: string): void {
    this.#settings.report?.(what, this.#job);
  }
}

/** Whether the time has passed; false where the signal came first. */
function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}

/** As an event's `error`. The gateway takes its texts whatever they hold, and cuts those that are too long. */
function describe(error: unknown): { message: string; code?: string; stack?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack, code } = error as Error & { code?: unknown };
  return {
    message,
    ...(typeof code === 'string' && { code }),
    ...(stack !== undefined && { stack }),
  };
}
