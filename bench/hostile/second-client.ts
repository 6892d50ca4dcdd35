// What a second client and the operating system see of a gateway while a load runs: its longest ping, its peak memory.
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { key, type Server } from '../processes.ts';

export interface Impact {
  /** Longest ping of the second client, in milliseconds. */
  readonly pingMs: number;
  /** Largest resident memory of the gateway, in MiB. */
  readonly peakMiB: number;
  /** Whether the load had ended when the measurement did. */
  readonly isOver: boolean;
}

/** The load may still be on its way when the longest wait of interest is over. */
const longestMs = 60_000;

export async function measureImpact(gateway: Server, load: () => Promise<unknown>): Promise<Impact> {
  const pinger = new Worker(new URL('pings.mjs', import.meta.url), {
    workerData: { url: gateway.url, key },
  });
  await once(pinger, 'online');
  await delay(300);
  resetPeak(gateway);
  pinger.postMessage('begin');
  const isOver = await Promise.race([load().then(() => true), delay(longestMs, false, { ref: false })]);
  const measured = once(pinger, 'message');
  pinger.postMessage('end');
  const [pingMs] = (await measured) as [number];
  await pinger.terminate();
  return { pingMs, peakMiB: peakOf(gateway), isOver };
}

/** The kernel keeps the peak, so that none falls between two looks; a 5 in clear_refs begins it anew. */
function resetPeak({ child }: Server): void {
  writeFileSync(`/proc/${child.pid}/clear_refs`, '5');
}

function peakOf({ child }: Server): number {
  const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1_024;
}
