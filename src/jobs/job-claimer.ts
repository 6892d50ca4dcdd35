// Claims jobs for the calls of one consumer: their own unfinished ones, those ready for their next run, then new ones.
import type { Database } from '../database/database.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { JobWriter } from '../log/job-writer.ts';
import { findOwnJobs, findSequentialHead, type OwnJob } from '../store/jobs/find-jobs.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import { allOf } from './all-of.ts';
import { assign, type Assigned, measureOfJob, measureOfSource, total } from './assign-jobs.ts';
import { type AssignedOrOver, ClaimWriter } from './claim-writer.ts';
import type { Prefetched } from './prefetched.ts';
import { readyBatch, type ReadyJobs } from './ready-jobs.ts';
import type { WaitingEnroll } from './waiting-enroll.ts';

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

  constructor(
    { database, writer }: { readonly database: Database; readonly writer: JobWriter },
    definition: ConsumerDefinition,
    cursor: Prefetched,
    ready: ReadyJobs,
  ) {
    this.#database = database;
    this.#definition = definition;
    this.#cursor = cursor;
    this.#ready = ready;
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
    const head = await findSequentialHead(this.#database, this.#definition);
    const [job] = await this.#ready.onlyWanted(head?.job ? [head.job] : []);
    if (job) await this.#reclaim([call, job, 0]);
    if (head) return;
    await this.#cursor.readAhead(1, () => call.missing > 0);
    await this.#create(this.#cursor.next(1, false), [call]);
  }

  /** Serves jobs that are ready for their next run first, then sources without a job. */
  async servePlain(calls: readonly WaitingEnroll[]): Promise<void> {
    if (calls.length === 0) return;
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
    await this.#create(this.#cursor.next(missing, this.#contended), calls);
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
    const isGiven = await (held ? this.#claims.keep(job) : this.#claims.reclaim(job));
    if (!isGiven && (held || !request.terms.sequential)) this.#lost();
  }

  /** Without a waiting call, a job whose last lease lapsed is marked FAILED. */
  async #reclaim(job: AssignedOrOver): Promise<void> {
    if (!(await this.#claims.reclaim(job))) this.#lost();
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
      if (await this.#claims.create(pair, yields)) settled.add(pair[1]);
    };
    const sources = pairs.map(([, source]) => source);
    await allOf(pairs.map(create)).finally(() => this.#cursor.giveBack(sources, settled));
    return settled.size;
  }

  /** The state has changed since it was read: another pass is needed. */
  #lost(): void {
    this.mayBeMore = true;
  }
}
