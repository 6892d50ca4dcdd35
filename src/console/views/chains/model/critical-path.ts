// The critical path of a chain: the line of events from a root to the one that ended last. A shorter step on it would have
// ended the request earlier.
import { ancestry, type ChainNode, type ChainTree } from './chain-tree.ts';
import { timingOf } from './timing.ts';

export interface CriticalPath {
  /** From the root down. */
  readonly nodes: readonly ChainNode[];
  readonly ids: ReadonlySet<string>;
  /** From the first event of the path to the end of its last. */
  readonly totalMs: number;
  /** How much of it an event of the path waited to be run, and none ran. */
  readonly queueMs: number;
}

const none: CriticalPath = { nodes: [], ids: new Set(), totalMs: 0, queueMs: 0 };

export function criticalPath({ inOrder }: ChainTree, now: number): CriticalPath {
  const last = endedLast(inOrder, now);
  if (!last) return none;
  const nodes = ancestry(last).reverse();
  const begin = timingOf(nodes[0]!.event, now).queuedAt;
  const end = timingOf(last.event, now).endedAt;
  return {
    nodes,
    ids: new Set(nodes.map(({ event }) => event.id)),
    totalMs: Math.max(0, end - begin),
    queueMs: queueOf(nodes, now),
  };
}

/** What is unfinished ends now; of several, the one that waits longest, and then the deeper one. */
function endedLast(nodes: readonly ChainNode[], now: number): ChainNode | undefined {
  let last: ChainNode | undefined;
  let lastEnd = -Infinity;
  let lastStart = Infinity;
  for (const node of nodes) {
    const { endedAt, queuedAt } = timingOf(node.event, now);
    const isLater =
      endedAt > lastEnd ||
      (endedAt === lastEnd &&
        (node.parent === last || queuedAt < lastStart || (queuedAt === lastStart && isDeeper(node, last))));
    if (!isLater) continue;
    last = node;
    lastEnd = endedAt;
    lastStart = queuedAt;
  }
  return last;
}

function isDeeper(node: ChainNode, than: ChainNode | undefined): boolean {
  return node.depth > (than?.depth ?? -1);
}

/** The queue times, without the parts in which an event further up still ran. */
function queueOf(nodes: readonly ChainNode[], now: number): number {
  let queueMs = 0;
  let ranUntil = -Infinity;
  for (const { event } of nodes) {
    const { queuedAt, queueMs: waited, endedAt, runMs } = timingOf(event, now);
    const waitedUntil = queuedAt + waited;
    queueMs += Math.max(0, waitedUntil - Math.max(queuedAt, ranUntil));
    ranUntil = Math.max(ranUntil, runMs > 0 ? endedAt : waitedUntil);
  }
  return queueMs;
}
