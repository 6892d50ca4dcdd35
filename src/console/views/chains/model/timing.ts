// When an event waited and when it ran, and the time axis of a chain.
import type { ChainEvent, ChainNode } from './chain-tree.ts';

export interface Timing {
  /** When it could have begun: when it was sent, or when it will be. */
  readonly queuedAt: number;
  /** When its latest run began; null if it never ran, such as a fact. */
  readonly startedAt: number | null;
  /** When it ended; of an unfinished event, now. */
  readonly endedAt: number;
  readonly isEnded: boolean;
  /** How long it waited, earlier attempts included. */
  readonly queueMs: number;
  /** How long its latest attempt ran. */
  readonly runMs: number;
}

export function timingOf(event: ChainEvent, now: number): Timing {
  const queuedAt = Math.max(event.createdAt, event.sendAt ?? event.createdAt);
  const { startedAt, finishedAt } = event;
  const isEnded = finishedAt !== null;
  const endedAt = Math.max(queuedAt, startedAt ?? queuedAt, finishedAt ?? now);
  // A job that waits for its next attempt has the start of the one before.
  const isWaiting = event.status === 'PENDING' || event.status === 'RESTARTED';
  const runFrom = startedAt === null || isWaiting ? endedAt : Math.max(queuedAt, startedAt);
  return {
    queuedAt,
    startedAt: startedAt === null ? null : Math.max(queuedAt, startedAt),
    endedAt,
    isEnded,
    queueMs: runFrom - queuedAt,
    runMs: endedAt - runFrom,
  };
}

export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** From the first event to the last end; null without events. */
export function spanOf(nodes: readonly ChainNode[], now: number): TimeSpan | null {
  let from = Infinity;
  let to = -Infinity;
  for (const { event } of nodes) {
    const { queuedAt, endedAt } = timingOf(event, now);
    from = Math.min(from, event.createdAt, queuedAt);
    to = Math.max(to, endedAt);
  }
  return from === Infinity ? null : { from, to };
}

export interface TimesSummary {
  readonly count: number;
  readonly medianQueueMs: number;
  readonly medianRunMs: number;
  readonly longestQueueMs: number;
  readonly longestRunMs: number;
}

export function summarizeTimes(nodes: readonly ChainNode[], now: number): TimesSummary {
  const timings = nodes.map(({ event }) => timingOf(event, now));
  const queues = timings.map(({ queueMs }) => queueMs).sort((a, b) => a - b);
  const runs = timings.map(({ runMs }) => runMs).sort((a, b) => a - b);
  const middle = Math.floor((nodes.length - 1) / 2);
  return {
    count: nodes.length,
    medianQueueMs: queues[middle] ?? 0,
    medianRunMs: runs[middle] ?? 0,
    longestQueueMs: queues.at(-1) ?? 0,
    longestRunMs: runs.at(-1) ?? 0,
  };
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const niceSteps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000].map((count) => count * day),
];

/** Offsets in milliseconds at which the axis is marked: multiples of a round step, at most `most` and the zero. */
export function axisTicks(lengthMs: number, most: number): readonly number[] {
  const step = niceSteps.find((candidate) => lengthMs / candidate <= most) ?? Math.ceil(lengthMs / most);
  const count = Math.floor(lengthMs / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
