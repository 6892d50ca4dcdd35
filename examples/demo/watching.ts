// Watches a run through two subscriptions: its changes, which are in the log, and its progress, which is not.
import { setTimeout as pause } from 'node:timers/promises';
import type { Board } from './board.ts';
import type { Acknowledged } from './ledger.ts';
import type { Run } from './run.ts';

const knock = `mutation Knock($id: ID!) {
  updateEvent(input: { id: $id, progress: 0 }) { id }
}`;

/** After how many changes the feed is cut on purpose, to show that nothing is lost by it. */
const cutAfter = 1_000;
const patienceMs = 10_000;

export class Watching {
  /** How often the feed was taken up again. */
  resumed = 0;
  /** Rejects if a subscription cannot go on. */
  readonly broken: Promise<void>;
  readonly #run: Run;
  readonly #board: Board;
  readonly #stopping = new AbortController();
  #listening = false;

  /** Watches everything from this event on, the first one of the run: its sending, too, comes out of the log. */
  constructor(run: Run, first: Acknowledged, board: Board) {
    this.#run = run;
    this.#board = board;
    this.broken = Promise.all([
      this.#followChanges(`${BigInt(first.position) - 1n}`),
      this.#followProgress(first.id),
    ]).then(() => {});
  }

  /**
   * A subscription is not acknowledged when it begins. The feed needs no acknowledgement, since it begins at a position;
   * progress is broadcast and never stored. So it is reported repeatedly until it arrives.
   */
  async listening({ id }: Acknowledged): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!this.#listening) {
      if (Date.now() > deadline) throw new Error(`No progress was heard within ${patienceMs} ms.`);
      await this.#run.gateway.mutate(knock, { id });
      await pause(20);
    }
  }

  /** Waits until everything that was made has come, but not for ever: what is missing then, the checks tell. */
  async caughtUp(): Promise<void> {
    const { ledger } = this.#run;
    const board = this.#board;
    const isBehind = () =>
      board.changes < ledger.positions.size || board.progressReports < ledger.progressReports;
    for (const deadline = Date.now() + patienceMs; isBehind() && Date.now() < deadline;) await pause(20);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.broken;
  }

  /** Every change after `position`, in the order of the log: the client goes on after a cut, and repeats nothing. */
  async #followChanges(after: string): Promise<void> {
    const { connections, project } = this.#run;
    const changes = connections.feed.watch({
      filter: { projects: [project] },
      after,
      payload: false,
      signal: this.#stopping.signal,
      onState: ({ status }) => {
        if (status === 'reconnecting') this.resumed += 1;
      },
    });
    for await (const change of changes) {
      this.#board.change(change);
      if (this.#board.changes === cutAfter) connections.cutFeed();
    }
  }

  async #followProgress(knockedId: string): Promise<void> {
    const { gateway, project } = this.#run;
    const { signal } = this.#stopping;
    for await (const report of gateway.progress({ topics: ['demo.*'], signal })) {
      if (report.eventId === knockedId) this.#listening = true;
      else if (report.requestId?.startsWith(`${project}/`)) this.#board.progress(report);
    }
  }
}
