// Where a worker gets its jobs from.
import type { Connection } from '../connection/connection.ts';
import {
  EnrollManyDocument,
  type EnrollInput,
  type JobFieldsFragment,
} from '../../../generated/client/graphql.ts';

/** A job as the gateway gives it. */
export type ClaimedJob = JobFieldsFragment;

export interface JobSource {
  /**
   * Waits for jobs, and resolves with at most `count` of them; with none if there were none for a while. Jobs that were
   * claimed for a call that is aborted are released by the gateway.
   */
  take(count: number, signal: AbortSignal): Promise<readonly ClaimedJob[]>;
}

/** How long one call waits for a job, in milliseconds. */
const waitMs = 30_000;
/** Jobs of one call. */
const maxCount = 1_000;

/** Long polls. */
export function enrollingSource(connection: Connection, input: Omit<EnrollInput, 'waitMs'>): JobSource {
  return {
    async take(count, signal) {
      const variables = { input: { ...input, waitMs }, count: Math.min(count, maxCount) };
      const options = { signal, timeoutMs: waitMs + 10_000 };
      return (await connection.request(EnrollManyDocument, variables, options)).enrollMany;
    },
  };
}
