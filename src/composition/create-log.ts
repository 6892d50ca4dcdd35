// The log of a gateway: the live hub, the tail that reads the log into it, and the writers.
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import { Live } from '../live/live.ts';
import { BulkDeleter } from '../log/bulk-deleter.ts';
import { type CommitOptions, Commits } from '../log/commits.ts';
import { JobWriter } from '../log/job-writer.ts';
import { Purger } from '../log/retention/purger.ts';
import { RetentionRunner } from '../log/retention/retention-runner.ts';
import { ScheduledSender } from '../log/scheduled-sender.ts';
import { EventCounter } from '../log/event-counter.ts';
import { LogTail } from '../log/tail.ts';
import { LogWriter } from '../log/writer.ts';

export interface LogParts {
  readonly database: Database;
  readonly logger: Logger;
  readonly gatewayId: string;
  /** Overrides of the writers' limits, for tests. */
  readonly writing?: Partial<CommitOptions> | undefined;
}

/** Nothing of it runs yet. */
export function createLog({ database, logger, gatewayId, writing }: LogParts) {
  // An embedded database has no other gateway that writes or has to be notified.
  const isAlone = database.kind === 'embedded';
  const live = new Live();
  const tail = new LogTail(database, {
    ownHint: gatewayId,
    logger,
    onRow: (row) => live.publishRow(row),
    isJsonWanted: () => live.isJsonWanted,
    pollMs: isAlone ? 0 : 5_000,
  });
  const counter = new EventCounter(database, logger);
  const onCommit = () => {
    tail.wake();
    counter.committed();
  };
  const options = { hint: isAlone ? '' : gatewayId, onCommit, ...writing };
  const commits = new Commits(database, options);
  const purger = new Purger(database, options, counter);
  return {
    live,
    tail,
    counter,
    purger,
    retention: new RetentionRunner(database, purger, logger),
    writer: new LogWriter(commits, new BulkDeleter(database, options)),
    jobWriter: new JobWriter(commits),
    scheduledSender: new ScheduledSender({ ...options, database, logger }),
  };
}
