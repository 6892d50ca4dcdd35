// The events of a request as a tree: who caused whom. All times are milliseconds since 1970.
import type { EventStatus } from '../../../../../generated/console/graphql.ts';

export interface ChainEvent {
  readonly id: string;
  /** Orders the versions of one event: the higher is the later. */
  readonly position: bigint;
  readonly parentId: string | null;
  readonly topic: string;
  readonly status: EventStatus;
  readonly nodeId: string;
  readonly retries: number;
  readonly createdAt: number;
  /** When a scheduled event will be sent; null once it has been. */
  readonly sendAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: { readonly code?: string | null; readonly message: string } | null;
}

export interface ChainNode {
  readonly event: ChainEvent;
  readonly parent: ChainNode | null;
  /** In the order in which they were sent. */
  readonly children: readonly ChainNode[];
  readonly depth: number;
  /** The events below it, without itself. */
  readonly countBelow: number;
  /** The FAILED events below it, without itself. */
  readonly failedBelow: number;
}

export interface ChainTree {
  readonly byId: ReadonlyMap<string, ChainNode>;
  readonly roots: readonly ChainNode[];
  /** Parents before children, siblings in the order in which they were sent. */
  readonly inOrder: readonly ChainNode[];
}

interface Growing {
  event: ChainEvent;
  parent: Growing | null;
  children: Growing[];
  depth: number;
  countBelow: number;
  failedBelow: number;
}

/** An event whose parent is not among the events, such as one of another request, is a root. */
export function buildTree(events: Iterable<ChainEvent>): ChainTree {
  const byId = new Map<string, Growing>();
  for (const event of events)
    byId.set(event.id, { event, parent: null, children: [], depth: 0, countBelow: 0, failedBelow: 0 });
  const roots: Growing[] = [];
  for (const node of byId.values()) {
    const parent = node.event.parentId === null ? undefined : byId.get(node.event.parentId);
    if (!parent) {
      roots.push(node);
      continue;
    }
    node.parent = parent;
    parent.children.push(node);
  }
  roots.sort(bySending);
  for (const { children } of byId.values()) children.sort(bySending);
  const inOrder = preOrder(roots);
  sumUp(inOrder);
  return { byId, roots, inOrder };
}

function bySending({ event: a }: Growing, { event: b }: Growing): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

/** Without recursion: a chain may be 10,000 events deep. */
function preOrder(roots: readonly Growing[]): Growing[] {
  const inOrder: Growing[] = [];
  const stack = roots.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    node.depth = node.parent ? node.parent.depth + 1 : 0;
    inOrder.push(node);
    for (let index = node.children.length - 1; index >= 0; index -= 1) stack.push(node.children[index]!);
  }
  return inOrder;
}

function sumUp(inOrder: readonly Growing[]): void {
  for (let index = inOrder.length - 1; index >= 0; index -= 1) {
    const { event, parent, countBelow, failedBelow } = inOrder[index]!;
    if (!parent) continue;
    parent.countBelow += countBelow + 1;
    parent.failedBelow += failedBelow + (event.status === 'FAILED' ? 1 : 0);
  }
}

/** The node itself, its parent, and so on up to the root. */
export function ancestry(node: ChainNode | undefined): ChainNode[] {
  const line: ChainNode[] = [];
  for (let current: ChainNode | null | undefined = node; current; current = current.parent)
    line.push(current);
  return line;
}

/** Where the request failed: the FAILED events without a FAILED event below them, in the tree's order. */
export function failedLeaves({ inOrder }: ChainTree): readonly ChainNode[] {
  return inOrder.filter(({ event, failedBelow }) => event.status === 'FAILED' && failedBelow === 0);
}
