// Purges events by retention rules, one batch at a time, so that other writes run in between.
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import type { PageCursor } from '../../domain/events/page.ts';
import type { RetentionRule } from '../../domain/retention/retention.ts';
import {
  findPurgeable,
  findPurged,
  type PurgeRange,
  purgeEvents,
  removeDeletions,
  removeEntries,
  type RunningRule,
} from '../../store/retention/purge.ts';
import { matchingTopics } from '../../store/events/matching-topics.ts';
import { readRules, startRun } from '../../store/retention/rules.ts';
import type { CommitOptions } from '../commits.ts';
import type { EventCounter } from '../event-counter.ts';

export interface PurgeOutcome {
  readonly count: number;
  /** The first ones. */
  readonly ids: readonly string[];
}

/** Events, or deletions in the log, that one statement looks at. */
const pageSize = 2_000;

/** Topics that one run reads by name; rules for more of them read all events of their age. */
const namedTopics = 200;

const dayMs = 86_400_000;

export class Purger {
  readonly #database: Database;
  readonly #options: Pick<CommitOptions, 'hint' | 'onCommit'>;
  readonly #counter: Pick<EventCounter, 'catchUp'>;

  constructor(
    database: Database,
    options: Pick<CommitOptions, 'hint' | 'onCommit'>,
    counter: Pick<EventCounter, 'catchUp'>,
  ) {
    this.#database = database;
    this.#options = options;
    this.#counter = counter;
  }

  /** Runs all rules now. May run at several gateways at once: each event is purged once. */
  async run(dryRun: boolean, isStopped: () => boolean = () => false): Promise<PurgeOutcome> {
    const rules = await readRules(this.#database);
    if (rules.length === 0) return { count: 0, ids: [] };
    const at = await startRun(this.#database, dryRun ? [] : rules.map(({ id }) => id));
    const running = rules.map((rule) => runningRule(rule, at));
    // What charts count must be counted before it leaves the log.
    if (!dryRun) await this.#counter.catchUp();
    let count = 0;
    const ids: string[] = [];
    const range = await this.#rangeOf(running);
    for await (const batch of this.#batches(running, range, isStopped)) {
      const purged = await this.#purge(running, batch, dryRun);
      count += purged.length;
      ids.push(...purged.slice(0, limits.bulkIds - ids.length));
    }
    if (!dryRun) while (!isStopped() && (await removeDeletions(this.#database, at, pageSize)) === pageSize);
    return { count, ids };
  }

  /** A rule for some topics reads no others, so that events that are kept for long cost nothing at each run. */
  async #rangeOf(rules: readonly RunningRule[]): Promise<PurgeRange> {
    const topics = new Map<string, Date>();
    let before: Date | null = null;
    for (const rule of rules) {
      for (const pattern of rule.topics) {
        const names = await this.#topicsOf(pattern, namedTopics - topics.size);
        if (names === null) before = later(before, rule.before);
        else for (const name of names) topics.set(name, later(topics.get(name), rule.before));
      }
    }
    if (before !== null) for (const [name, time] of topics) if (time <= before) topics.delete(name);
    return { before, topics };
  }

  /** Null where it is cheaper to read all events. */
  async #topicsOf(pattern: string, most: number): Promise<readonly string[] | null> {
    return pattern === '*' || most < 1 ? null : matchingTopics(this.#database, pattern, most);
  }

  async *#batches(
    rules: readonly RunningRule[],
    range: PurgeRange,
    isStopped: () => boolean,
  ): AsyncGenerator<readonly string[]> {
    let after: PageCursor | null = null;
    do {
      const page = await findPurgeable(this.#database, rules, range, after, pageSize);
      for (let n = 0; n < page.ids.length; n += limits.purgeBatch) {
        if (isStopped()) return;
        yield page.ids.slice(n, n + limits.purgeBatch);
      }
      after = page.next;
    } while (after !== null && !isStopped());
  }

  async #purge(
    rules: readonly RunningRule[],
    batch: readonly string[],
    dryRun: boolean,
  ): Promise<readonly string[]> {
    if (dryRun) return findPurged(this.#database, rules, batch);
    const purged = await purgeEvents(this.#database, rules, batch, this.#options.hint);
    if (purged.length === 0) return purged;
    this.#options.onCommit();
    // If this does not happen, the deletion takes the entries with it when it is removed.
    await removeEntries(this.#database, purged);
    return purged;
  }
}

function runningRule({ id, topics, projects, statuses, keepDays }: RetentionRule, at: Date): RunningRule {
  return { id, topics, projects, statuses, before: new Date(at.getTime() - keepDays * dayMs) };
}

function later(time: Date | null | undefined, other: Date): Date {
  return time && time > other ? time : other;
}
