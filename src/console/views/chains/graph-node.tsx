// An event or a group in the graph.
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { memo } from 'react';
import { durationText } from '../../base/time.tsx';
import { timingOf } from './model/timing.ts';
import type { VisibleNode } from './model/visible-tree.ts';
import type { ChainModel } from './use-chain-model.ts';

export interface GraphNodeData extends Record<string, unknown> {
  readonly node: VisibleNode;
  readonly model: ChainModel;
  readonly isSelected: boolean;
  readonly isCritical: boolean;
}

export const GraphNode = memo(function GraphNode({ data }: NodeProps<Node<GraphNodeData>>) {
  const { node, model, isSelected, isCritical } = data;
  const classes = ['graph-node', `status-${node.status.toLowerCase()}`];
  if (isSelected) classes.push('is-selected');
  if (isCritical) classes.push('is-critical');
  if (node.isGroup) classes.push('is-group');
  return (
    <div className={classes.join(' ')}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button
        type="button"
        className="nodrag"
        tabIndex={isSelected ? 0 : -1}
        aria-pressed={isSelected}
        onClick={() => model.select(node.key)}
        onDoubleClick={() => node.canOpen && model.toggle(node)}
      >
        <span className="graph-topic">
          {node.topic}
          {node.isGroup && <b> ×{node.members.length.toLocaleString('en')}</b>}
        </span>
        <span className="graph-line">{lineOf(node, model.now)}</span>
      </button>
      {node.canOpen && (
        <button
          type="button"
          className="graph-toggle nodrag"
          tabIndex={-1}
          aria-label={`${node.isOpen ? 'Close' : 'Open'} ${node.topic}`}
          onClick={() => model.toggle(node)}
        >
          {node.isOpen ? '−' : '+'}
        </button>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

function lineOf(node: VisibleNode, now: number): string {
  const word = node.status.toLowerCase().replace('_', ' ');
  if (node.isGroup) return word;
  const { event } = node.members[0]!;
  const { queueMs, runMs } = timingOf(event, now);
  const name = event.nodeId === event.id ? word : `${event.nodeId} · ${word}`;
  if (event.error?.code) return `${word} · ${event.error.code}`;
  if (runMs > 0) return `${name} · ${durationText(runMs)}`;
  return queueMs > 0 ? `${name} · waited ${durationText(queueMs)}` : name;
}
