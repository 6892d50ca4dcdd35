// Where a worker gets its jobs from.
import type { Connection } from '../connection/connection.ts';
import {
  type EnrollInput,
  type JobFieldsFragment,
  JobsDocument,
  type JobsSubscription,
} from '../../../generated/client/graphql.ts';

/** A job as the gateway gives it. */
export type ClaimedJob = JobFieldsFragment;

export interface JobSource {
  /**
   * Jobs as they come, while the connection lasts: at most `prefetch` that are unfinished at a time. Those that are still
   * PENDING when it ends, for whatever reason, are released by the gateway.
   */
  open(prefetch: number, signal: AbortSignal): AsyncIterable<ClaimedJob>;
}

/** The most that the gateway pushes to one subscriber. */
const maxPrefetch = 1_000;

/** The gateway pushes. */
export function pushedJobs(connection: Connection, input: EnrollInput, onOpen: () => void): JobSource {
  return {
    async *open(prefetch, signal) {
      const variables = { input, prefetch: Math.min(prefetch, maxPrefetch) };
      const options = { signal, onOpen };
      for await (const { jobs } of connection.stream<JobsSubscription>(JobsDocument, variables, options))
        yield jobs;
    },
  };
}
