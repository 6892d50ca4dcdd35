// SQL that several statements on jobs share.
import { limits } from '../../base/limits.ts';

/**
 * The retry delay, doubled with each retry up to an hour. Up to a quarter of random jitter is added, so that jobs
 * that failed together do not retry together.
 */
export function pause(delayMs: string, retries: string): string {
  return `make_interval(secs => least(${limits.retryDelayMs / 1_000},
    ${delayMs} / 1000.0 * power(2, least(${retries}, 40)) * (1 + random() / 4)))`;
}
