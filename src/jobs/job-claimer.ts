// Claims jobs for the calls of one consumer: their own unfinished ones, those ready for their next run, then new ones.
import type { Database } from '../database/database.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import { limits } from '../base/limits.ts';
import { isLimited } from '../domain/jobs/flow.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { ClaimLimit } from '../store/jobs/create-jobs.ts';
import { readAllowance } from '../store/jobs/flow-sql.ts';
import { findOwnJobs, findSequentialHead, type OwnJob } from '../store/jobs/find-jobs.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import { allOf } from './all-of.ts';
import { assign, type Assigned, measureOfJob, measureOfSource, total } from './assign-jobs.ts';
import { type AssignedOrOver, ClaimWriter } from './claim-writer.ts';
import { FlowKeys } from './consumers/flow-keys.ts';
import { KeyRoom } from './consumers/key-room.ts';
import type { Prefetched } from './prefetched.ts';
import { readyBatch, type ReadyJobs } from './ready-jobs.ts';
import type { StoredConsumer } from './consumers/stored-consumer.ts';
import type { WaitingEnroll } from './waiting-enroll.ts';

/** How soon a claim that was refused is tried again, in milliseconds. */
const limitedRetryMs = 100;

export class JobClaimer {
  readonly #database: Database;
  readonly #definition: ConsumerDefinition;
  readonly #cursor: Prefetched;
  readonly #ready: ReadyJobs;
  readonly #claims: ClaimWriter;
  /** Something that was found was not claimed, or was only marked as failed: another pass may find more. */
  mayBeMore = false;
  /** Some sources of the last attempt were claimed elsewhere first. */
  #wasBehind = false;
  /** Twice in a row, although the sources were just read: another gateway claims the same ones. Avoid them. */
  #contended = false;
  readonly #consumer: StoredConsumer;
  readonly #keys: FlowKeys;
  /** After how many milliseconds the consumer's limits may allow more; null if only the end of a job does. */
  limitedMs: number | null = null;

  constructor(
    { database, writer }: { readonly database: Database; readonly writer: JobWriter },
    definition: ConsumerDefinition,
    { consumer, cursor, ready }: { consumer: StoredConsumer; cursor: Prefetched; ready: ReadyJobs },
  ) {
    this.#database = database;
    this.#definition = definition;
    this.#cursor = cursor;
    this.#ready = ready;
    this.#consumer = consumer;
    this.#keys = new FlowKeys(database);
    this.#claims = new ClaimWriter(writer, definition);
  }

  /** Gives sticky workers their unfinished jobs again. */
  async serveOwn(calls: readonly WaitingEnroll[]): Promise<void> {
    if (calls.length === 0) return;
    const workers = [...new Set(calls.map(({ request }) => request.terms.worker))];
    const limit = Math.max(...calls.map(({ missing }) => missing)) + readyBatch.least;
    const found = await findOwnJobs(this.#database, this.#definition, workers, limit);
    const over = found.filter(({ held, expires }) => expires && !held).slice(0, readyBatch.most);
    await allOf(over.map((job) => this.#reclaim([null, job, 0])));
    const jobs = found.filter(({ held, expires }) => held || !expires);
    for (const call of calls) {
      const { worker, key, isOwnOnly } = call.request.terms;
      const own = jobs.filter((job) => job.worker === worker && (!isOwnOnly || job.key === key));
      while (call.missing > 0 && own.length > 0) {
        const next = await assign(this.#database, own, [call], measureOfJob);
        if (next.length === 0) break;
        own.splice(0, next.length);
        await allOf(next.map((job) => this.#giveAgain(job)));
      }
    }
  }

  /** Serves one job at a time: the first unfinished job, or the next source if there is none. */
  async serveSequential(call: WaitingEnroll | undefined): Promise<void> {
    if (!call) return;
    if (isLimited(this.#consumer.flow)) {
      if ((await this.#allowance()).free === 0) return;
    }
    const head = await findSequentialHead(this.#database, this.#definition);
    const [job] = await this.#ready.onlyWanted(head?.job ? [head.job] : []);
    if (job) await this.#reclaim([call, job, 0]);
    if (head) return;
    await this.#cursor.readAhead(1, () => call.missing > 0);
    await this.#create(this.#cursor.ahead.next(1, false), [call]);
  }

  /** Serves jobs that are ready for their next run first, then sources without a job. */
  async servePlain(calls: readonly WaitingEnroll[]): Promise<void> {
    if (calls.length === 0) return;
    if (isLimited(this.#consumer.flow)) return this.#serveLimited(calls);
    const stillWanted = () => calls.some((call) => call.missing > 0);
    const ready = await this.#ready.find(total(calls), stillWanted);
    const claimable = ready.filter(({ expires }) => !expires);
    const expired = ready.filter(({ expires }) => expires);
    const assigned = await assign(this.#database, claimable, calls, measureOfJob);
    const missing = total(calls) - assigned.length;
    await allOf([
      ...assigned.map((job) => this.#reclaim(job)),
      ...expired.map((job) => this.#reclaim([null, job, 0])),
    ]);
    if (missing <= 0 || assigned.length < claimable.length) return;
    await this.#cursor.readAhead(missing, stillWanted);
    await this.#create(this.#cursor.ahead.next(missing, this.#contended), calls);
  }

  /** Serves within the limits of the consumer, which the claiming statements enforce: here only what has a chance is tried. */
  async #serveLimited(calls: readonly WaitingEnroll[]): Promise<void> {
    const { free, room } = await this.#allowance();
    const count = Math.min(total(calls), free);
    if (count <= 0) return;
    const stillWanted = () => calls.some((call) => call.missing > 0);
    const isByKey = this.#consumer.flow.key !== null;
    const ready = await this.#ready.find(isByKey ? readyBatch.most : count, stillWanted);
    const claimable = ready.filter(({ expires }) => !expires);
    const chosen = room.choose(claimable, count, ({ flowKey = null }) => flowKey);
    const assigned = await assign(this.#database, chosen, calls, measureOfJob);
    const expired = ready.filter(({ expires }) => expires);
    await allOf([
      ...assigned.map((job) => this.#reclaim(job)),
      ...expired.map((job) => this.#reclaim([null, job, 0])),
    ]);
    const missing = count - assigned.length;
    if (missing <= 0 || assigned.length < chosen.length) return;
    const left = room.without(chosen.map(({ flowKey = null }) => flowKey));
    await this.#create(await this.#chooseSources(missing, left, stillWanted), calls);
  }

  async #allowance(): Promise<{ free: number; room: KeyRoom }> {
    const { free, nextMs, heldByKey } = await readAllowance(this.#database, this.#definition.consumerId);
    this.limitedMs = nextMs;
    const room = new KeyRoom(this.#consumer.flow.maxConcurrentPerKey, heldByKey);
    return { free: Math.max(0, free ?? Infinity), room };
  }

  /** Reads further ahead while the keys of what was read have no room. */
  async #chooseSources(count: number, room: KeyRoom, wanted: () => boolean): Promise<readonly Source[]> {
    const { key } = this.#consumer.flow;
    for (let ahead = count; ; ahead = Math.min(4 * ahead, limits.flowReadAhead)) {
      await this.#cursor.readAhead(ahead, wanted);
      const { items } = this.#cursor.ahead;
      const keys = await this.#keys.of(
        key,
        items.map(({ id }) => id),
      );
      const chosen = room.choose(items, count, ({ id }) => keys.get(id) ?? null);
      const isAll = items.length < ahead || ahead === limits.flowReadAhead;
      if (isAll || chosen.length === count) return this.#cursor.ahead.take(chosen);
    }
  }

  /** Those that no call takes are given back. */
  async assignSources(sources: readonly Source[], calls: readonly WaitingEnroll[]) {
    let count = 0;
    try {
      const assigned = await assign(this.#database, sources, calls, measureOfSource);
      count = assigned.length;
      return assigned;
    } finally {
      this.#cursor.giveBack(sources.slice(count), new Set());
    }
  }

  /** A sequential worker gets no job while another precedes it; this is no reason for another pass. */
  async #giveAgain(job: Assigned<OwnJob>): Promise<void> {
    const [{ request }, { held }] = job;
    const isGiven = await (held
      ? this.#claims.keep(job)
      : this.#claims.reclaim(job, isLimited(this.#consumer.flow)));
    if (!isGiven && (held || !request.terms.sequential)) this.#lost();
  }

  /** Without a waiting call, a job whose last lease lapsed is marked FAILED. */
  async #reclaim(job: AssignedOrOver): Promise<void> {
    if (!(await this.#claims.reclaim(job, isLimited(this.#consumer.flow)))) this.#lost();
  }

  async #create(sources: readonly Source[], calls: readonly WaitingEnroll[]): Promise<void> {
    const pairs = await this.assignSources(sources, calls);
    if (pairs.length === 0) return;
    const isBehind = (await this.make(pairs, false)) < pairs.length;
    this.#contended = isBehind && this.#wasBehind;
    this.#wasBehind = isBehind;
    if (!isBehind) return;
    this.#cursor.forget();
    this.#lost();
  }

  /** Returns how many jobs were created. `yields`: none are created if a job is ready for its next run. */
  async make(pairs: readonly Assigned<Source>[], yields: boolean): Promise<number> {
    const settled = new Set<Source>();
    const create = async (pair: Assigned<Source>) => {
      if (await this.#claims.create(pair, yields, await this.#limitOf(pair[1]))) settled.add(pair[1]);
    };
    const sources = pairs.map(([, source]) => source);
    await allOf(pairs.map(create)).finally(() => this.#cursor.giveBack(sources, settled));
    return settled.size;
  }

  /** What the limits need of a claim; null without limits. */
  async #limitOf({ id }: Source): Promise<ClaimLimit | null> {
    const { flow } = this.#consumer;
    if (!isLimited(flow)) return null;
    return { key: (await this.#keys.of(flow.key, [id])).get(id) ?? null };
  }

  /** The state has changed since it was read: another pass is needed. */
  #lost(): void {
    if (!isLimited(this.#consumer.flow)) this.mayBeMore = true;
    // Most likely another gateway took what the limits allowed.
    else this.limitedMs = Math.min(this.limitedMs ?? limitedRetryMs, limitedRetryMs);
  }
}
