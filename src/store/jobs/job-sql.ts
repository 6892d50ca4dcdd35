// What several statements say of jobs in the same words.
import { limits } from '../../base/limits.ts';

/**
 * The pause before the next run, doubled with each retry, with up to a quarter more by chance, so that jobs that failed
 * together do not come back together; an hour at most.
 */
export function pause(delayMs: string, retries: string): string {
  return `make_interval(secs => least(${limits.retryDelayMs / 1_000},
    ${delayMs} / 1000.0 * power(2, least(${retries}, 40)) * (1 + random() / 4)))`;
}
