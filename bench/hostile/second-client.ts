// What a second client and the operating system see of a gateway while a load runs: its longest ping, its peak memory.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
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

/** Of the load of this name, from when it is prepared on. */
export async function measureImpact(gateway: Server, load: string): Promise<Impact> {
  const generator = start('generator.ts', gateway.url, load);
  await answerOf(generator);
  const pinger = start('pings.mjs', gateway.url, key);
  await answerOf(pinger);
  await delay(300);
  resetPeak(gateway);
  pinger.send('begin');
  generator.send('run');
  const over = answerOf(generator).then(() => true);
  const isOver = await Promise.race([over, delay(longestMs, false, { ref: false })]);
  pinger.send('end');
  const pingMs = Number(await answerOf(pinger));
  const peakMiB = peakOf(gateway);
  over.catch(() => {});
  for (const child of [pinger, generator]) child.kill('SIGKILL');
  return { pingMs, peakMiB, isOver };
}

function start(program: string, ...args: string[]): ChildProcess {
  return fork(new URL(program, import.meta.url), args);
}

/** What the process says next. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs.at(-1)} ended with ${code}`);
  });
  ended.catch(() => {});
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return answer;
}

/** The kernel keeps the peak, so that none falls between two looks; a 5 in clear_refs begins it anew. */
function resetPeak({ child }: Server): void {
  writeFileSync(`/proc/${child.pid}/clear_refs`, '5');
}

function peakOf({ child }: Server): number {
  const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1_024;
}
