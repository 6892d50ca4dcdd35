// Prints what the gateway tells of a run: one request's chain as a tree, why work failed, and counts.
import { paint, paintStatus, say } from './paint.ts';
import type { Chain, ChainEvent, Counts, Failed } from './reading-back.ts';

export function printChain({ requestId, startedAt, finishedAt, events, failedLeaves }: Chain): void {
  const roots = events.filter(({ dependsOn }) => dependsOn === null);
  say(
    paint('bold', `One request: ${requestId}, ${events.length} events in ${duration(startedAt, finishedAt)}`),
  );
  for (const root of roots) {
    say(root.description);
    printBranch(events, root, '', '');
  }
  say();
  say(paint('bold', 'Its failed leaves'));
  for (const { nodeId, error } of failedLeaves) say(`${nodeId}\n  ${error?.code}: ${error?.message}`);
}

/** An event, and below it those that depend on it. */
function printBranch(events: readonly ChainEvent[], event: ChainEvent, stem: string, below: string): void {
  const name = `${stem}${event.nodeId}`.padEnd(42);
  const took = duration(event.startedAt, event.finishedAt).padStart(8);
  say(`${name}${paintStatus(event.status)}${took}  ${paint('gray', event.topic)}`);
  const children = events.filter(({ dependsOn }) => dependsOn?.id === event.id);
  for (const child of children) {
    const isLast = child === children.at(-1);
    printBranch(events, child, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`);
  }
}

/** A fact is never worked on, and what was given up never began: neither took any time. */
function duration(from: string | null, to: string | null): string {
  return from === null || to === null ? '' : `${Date.parse(to) - Date.parse(from)} ms`;
}

export function printFailures(failed: readonly Failed[]): void {
  say(paint('bold', 'Why work failed'));
  const reasons = new Map<string, number>();
  for (const { topic, error } of failed) {
    const reason = `${topic.padEnd(14)} ${error?.code}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of reasons) say(`${String(count).padStart(5)}  ${reason}`);
}

export function printCounts(deliveries: readonly Counts[], work: readonly Counts[]): void {
  const total = deliveries.reduce((sum, counts) => sum + counts.total, 0);
  say(paint('bold', `Deliveries by topic: ${total} under ${deliveries.length} topics`));
  printColumns(deliveries.map((counts) => `${String(counts.total).padStart(4)} ${counts.topic}`));
  say();
  say(paint('bold', 'Work by topic and status'));
  for (const counts of work) {
    const statuses = [...counts.byStatus].map(([status, count]) => `${String(count).padStart(5)} ${status}`);
    say(`${String(counts.total).padStart(5)}  ${counts.topic.padEnd(14)}${statuses.join('')}`);
  }
}

const columns = 2;

function printColumns(cells: readonly string[]): void {
  const rows = Math.ceil(cells.length / columns);
  for (let row = 0; row < rows; row += 1) {
    const line = cells.filter((_, index) => index % rows === row);
    say(
      line
        .map((cell) => cell.padEnd(44))
        .join('')
        .trimEnd(),
    );
  }
}
