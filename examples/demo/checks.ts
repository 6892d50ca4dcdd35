// Holds what the gateway told, live and afterwards, against what it acknowledged. One line for each check.
import { isDeepStrictEqual } from 'node:util';
import type { Board } from './board.ts';
import type { Delivery } from './deliveries.ts';
import type { Ledger } from './ledger.ts';
import { paint, say } from './paint.ts';
import type { Counts } from './reading-back.ts';

/** What is claimed, and what contradicts it: null where nothing does. */
interface Check {
  readonly claim: string;
  readonly fault: string | null;
}

/** Prints all checks, and returns whether every one holds. */
export function printChecks(checks: readonly Check[]): boolean {
  say(paint('bold', 'Is it what was sent?'));
  for (const { claim, fault } of checks) {
    say(
      fault === null
        ? `${paint('green', '✓')} ${claim}`
        : `${paint('red', '✗')} NOT TRUE: ${claim}: ${fault}`,
    );
  }
  return checks.every(({ fault }) => fault === null);
}

export function checkCounts(ledger: Ledger, read: readonly Counts[]): Check {
  const made = ledger.counts();
  const unlike = read.filter(({ topic, byStatus }) => !isDeepStrictEqual(byStatus, made.get(topic)));
  const missing = [...made.keys()].filter((topic) => !read.some((counts) => counts.topic === topic));
  const faulty = [...unlike.map(({ topic }) => topic), ...missing];
  return {
    claim: `the number of events of each status is right for all ${read.length} topics`,
    fault: faulty.length > 0 ? `it is not for ${faulty.join(', ')}` : null,
  };
}

export function checkDeliveries(
  deliveries: readonly Delivery[],
  total: number,
  ledger: Ledger,
  twice: number,
): Check {
  const claim = `${total} deliveries are stored, each once, though ${ledger.duplicates} were sent twice at once`;
  const isRight = total === deliveries.length && ledger.duplicates === twice;
  return { claim, fault: isRight ? null : `${deliveries.length} were sent, ${twice} of them twice` };
}

export function checkPayloads(
  deliveries: readonly Delivery[],
  project: string,
  read: ReadonlyMap<string, unknown>,
): Check {
  const unlike = deliveries.filter(
    ({ number, payload }) => !isDeepStrictEqual(read.get(`${project}/${number}`), payload),
  );
  const numbers = unlike.map(({ number }) => number).join(', ');
  return {
    claim: 'every payload is as it was sent',
    fault: unlike.length > 0 ? `not those of ${numbers}` : null,
  };
}

export function checkChanges(
  { positions: made }: Ledger,
  { positions: seen }: Board,
  resumed: number,
): Check {
  const claim = `${seen.length} changes came live of ${made.size} made: in order, no gap, no repeat, though the feed was cut`;
  const disordered = seen.findIndex(
    (position, index) => index > 0 && BigInt(position) <= BigInt(seen[index - 1]!),
  );
  const told = new Set(seen);
  const missed = [...made].filter((position) => !told.has(position));
  const extra = seen.filter((position) => !made.has(position));
  const faults = [
    disordered >= 0 ? `after ${seen[disordered - 1]} came ${seen[disordered]}` : null,
    missed.length > 0 ? `${missed.length} did not come, first ${missed[0]}` : null,
    extra.length > 0 ? `${extra.length} came that nobody made, first ${extra[0]}` : null,
    resumed === 1 ? null : `the feed was cut ${resumed} times, not once`,
  ].filter((fault) => fault !== null);
  return { claim, fault: faults.length > 0 ? faults.join('; ') : null };
}

export function checkProgress(ledger: Ledger, board: Board): Check {
  const { progressReports: sent } = ledger;
  const { progressReports: seen } = board;
  return {
    claim: `${seen} reports of progress came live`,
    fault: seen === sent ? null : `${sent} were sent`,
  };
}
