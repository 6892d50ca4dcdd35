// What of a chain is shown: repeated siblings are one group, until it is opened.
import type { EventStatus } from '../../../../../generated/console/graphql.ts';
import type { ChainNode, ChainTree } from './chain-tree.ts';

/** An event, or a group of siblings with the same topic and status. */
export interface VisibleNode {
  /** The id of the event. Of a group: the key of its parent, the topic and the status. */
  readonly key: string;
  readonly topic: string;
  readonly status: EventStatus;
  /** One of an event; those of a group. */
  readonly members: readonly ChainNode[];
  readonly isGroup: boolean;
  /** Whether there is anything below it to open or close. */
  readonly canOpen: boolean;
  readonly isOpen: boolean;
  readonly depth: number;
  readonly parent: VisibleNode | null;
  readonly children: readonly VisibleNode[];
}

export interface Showing {
  /** The keys of what is not as it is at first: groups that are open, events that are closed. */
  readonly toggled: ReadonlySet<string>;
  /** The ids of events that are shown on their own, outside of any closed group. */
  readonly pinned: ReadonlySet<string>;
}

/** Fewer siblings than these are no group. */
export const smallestGroup = 3;

interface Growing extends VisibleNode {
  children: Growing[];
}

/** A closed group shows what its members caused, grouped in the same way. */
export function showTree({ roots }: ChainTree, showing: Showing): readonly VisibleNode[] {
  const shown = grouped(roots, null, showing);
  const waiting = [...shown];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const below = childrenOf(node, showing);
    node.children = below;
    for (const child of below) waiting.push(child);
  }
  return shown;
}

function childrenOf(node: Growing, showing: Showing): Growing[] {
  if (!node.isGroup) return node.isOpen ? grouped(node.members[0]!.children, node, showing) : [];
  if (node.isOpen) return node.members.map((member) => eventNode(member, node, showing));
  return grouped(
    node.members.flatMap(({ children }) => children),
    node,
    showing,
  );
}

/** Each kind stands where its first event does. */
function grouped(nodes: readonly ChainNode[], parent: Growing | null, showing: Showing): Growing[] {
  if (nodes.length < smallestGroup) return nodes.map((node) => eventNode(node, parent, showing));
  const kinds = new Map<string, ChainNode[]>();
  for (const node of nodes) {
    const kind = `${node.event.topic}:${node.event.status}`;
    const known = kinds.get(kind);
    if (known) known.push(node);
    else kinds.set(kind, [node]);
  }
  return [...kinds].flatMap(([kind, members]) => ofOneKind(kind, members, parent, showing));
}

function ofOneKind(
  kind: string,
  members: readonly ChainNode[],
  parent: Growing | null,
  showing: Showing,
): Growing[] {
  const single = (member: ChainNode) => eventNode(member, parent, showing);
  if (members.length < smallestGroup) return members.map(single);
  const key = `${parent?.key ?? ''}/${kind}`;
  const isOpen = showing.toggled.has(key);
  if (isOpen) return [groupNode(key, members, true, parent)];
  const apart = members.filter(({ event }) => showing.pinned.has(event.id));
  const together = members.filter(({ event }) => !showing.pinned.has(event.id));
  if (together.length < 2) return members.map(single);
  return [...apart.map(single), groupNode(key, together, false, parent)];
}

function eventNode(node: ChainNode, parent: Growing | null, { toggled }: Showing): Growing {
  const { id, topic, status } = node.event;
  const canOpen = node.children.length > 0;
  return {
    key: id,
    topic,
    status,
    members: [node],
    isGroup: false,
    canOpen,
    isOpen: canOpen && !toggled.has(id),
    depth: parent ? parent.depth + 1 : 0,
    parent,
    children: [],
  };
}

function groupNode(
  key: string,
  members: readonly ChainNode[],
  isOpen: boolean,
  parent: Growing | null,
): Growing {
  const { topic, status } = members[0]!.event;
  const depth = parent ? parent.depth + 1 : 0;
  return { key, topic, status, members, isGroup: true, canOpen: true, isOpen, depth, parent, children: [] };
}

/** Parents before children, as the rows of a table. */
export function rowsOf(roots: readonly VisibleNode[]): readonly VisibleNode[] {
  const rows: VisibleNode[] = [];
  const stack = roots.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    rows.push(node);
    for (let index = node.children.length - 1; index >= 0; index -= 1) stack.push(node.children[index]!);
  }
  return rows;
}
