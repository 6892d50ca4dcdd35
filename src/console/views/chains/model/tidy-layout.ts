// The layout of a forest, from left to right: each generation is a column, and a parent stands in the middle of its children.
// It takes time in proportion to the nodes, and a node that comes moves only what is below it.
import type { VisibleNode } from './visible-tree.ts';

export const nodeWidth = 208;
export const nodeHeight = 46;
const columnGap = 56;
const rowGap = 14;

export interface Placed {
  readonly node: VisibleNode;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  /** Parents before children. */
  readonly placed: readonly Placed[];
  readonly width: number;
  readonly height: number;
  /** How many nodes were left out because of the limit. */
  readonly omitted: number;
}

/** At most `limit` nodes: those nearest to the roots, and before them what `isKept` names. */
export function layOut(
  roots: readonly VisibleNode[],
  limit: number,
  isKept: (node: VisibleNode) => boolean = () => false,
): Layout {
  const { chosen, total } = choose(roots, limit, isKept);
  const inOrder = preOrder(roots, chosen);
  const middles = middlesOf(inOrder, chosen);
  const placed = inOrder.map((node) => ({
    node,
    x: node.depth * (nodeWidth + columnGap),
    y: middles.get(node)! - nodeHeight / 2,
  }));
  return { placed, ...extent(placed), omitted: total - chosen.size };
}

/** Generation by generation. What is kept comes with its ancestors. */
function choose(
  roots: readonly VisibleNode[],
  limit: number,
  isKept: (node: VisibleNode) => boolean,
): { chosen: ReadonlySet<VisibleNode>; total: number } {
  const all = [...roots];
  for (let index = 0; index < all.length; index += 1)
    for (const child of all[index]!.children) all.push(child);
  if (all.length <= limit) return { chosen: new Set(all), total: all.length };
  const chosen = new Set<VisibleNode>();
  for (const node of all) {
    if (!isKept(node)) continue;
    const line: VisibleNode[] = [];
    for (let up: VisibleNode | null = node; up && !chosen.has(up); up = up.parent) line.push(up);
    if (chosen.size + line.length <= limit) for (const member of line) chosen.add(member);
  }
  for (const node of all) {
    if (chosen.size >= limit) break;
    if (!node.parent || chosen.has(node.parent)) chosen.add(node);
  }
  return { chosen, total: all.length };
}

function preOrder(roots: readonly VisibleNode[], chosen: ReadonlySet<VisibleNode>): VisibleNode[] {
  const inOrder: VisibleNode[] = [];
  const stack = roots.filter((node) => chosen.has(node)).reverse();
  for (let node = stack.pop(); node; node = stack.pop()) {
    inOrder.push(node);
    for (let index = node.children.length - 1; index >= 0; index -= 1) {
      const child = node.children[index]!;
      if (chosen.has(child)) stack.push(child);
    }
  }
  return inOrder;
}

/** Leaves take one row after the other; then, from the last node to the first, parents the middle of their children. */
function middlesOf(
  inOrder: readonly VisibleNode[],
  chosen: ReadonlySet<VisibleNode>,
): ReadonlyMap<VisibleNode, number> {
  const middles = new Map<VisibleNode, number>();
  let next = nodeHeight / 2;
  for (const node of inOrder) {
    if (node.children.some((child) => chosen.has(child))) continue;
    middles.set(node, next);
    next += nodeHeight + rowGap;
  }
  for (let index = inOrder.length - 1; index >= 0; index -= 1) {
    const node = inOrder[index]!;
    if (middles.has(node)) continue;
    const first = node.children.find((child) => chosen.has(child))!;
    const last = node.children.findLast((child) => chosen.has(child))!;
    middles.set(node, (middles.get(first)! + middles.get(last)!) / 2);
  }
  return middles;
}

function extent(placed: readonly Placed[]): { width: number; height: number } {
  let width = 0;
  let height = 0;
  for (const { x, y } of placed) {
    width = Math.max(width, x + nodeWidth);
    height = Math.max(height, y + nodeHeight);
  }
  return { width, height };
}
