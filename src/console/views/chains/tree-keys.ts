// The keys that move the selection through the tree, in the rows and in the graph alike.
import type { KeyboardEvent } from 'react';
import type { VisibleNode } from './model/visible-tree.ts';
import type { ChainModel } from './use-chain-model.ts';

const page = 10;

type Move = (model: ChainModel, node: VisibleNode, index: number) => VisibleNode | undefined;

const along =
  (by: number): Move =>
  ({ rows }, _node, index) =>
    rows[Math.min(rows.length - 1, Math.max(0, index + by))];

const moves: Readonly<Record<string, Move>> = {
  ArrowDown: along(1),
  ArrowUp: along(-1),
  PageDown: along(page),
  PageUp: along(-page),
  Home: ({ rows }) => rows[0],
  End: ({ rows }) => rows.at(-1),
  ArrowRight: ({ toggle }, node) => {
    if (!node.canOpen || node.isOpen) return node.children[0];
    toggle(node);
    return undefined;
  },
  ArrowLeft: ({ toggle }, node) => {
    if (!node.canOpen || !node.isOpen) return node.parent ?? undefined;
    toggle(node);
    return undefined;
  },
  Enter: ({ toggle }, node) => {
    if (node.canOpen) toggle(node);
    return undefined;
  },
};

export function onTreeKey(event: KeyboardEvent, model: ChainModel): void {
  const move = moves[event.key];
  if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const index = model.selected ? model.rows.indexOf(model.selected) : -1;
  const node = model.rows[Math.max(0, index)];
  const next = node && move(model, node, index);
  if (next) model.select(next.key);
}
