// The chain as a graph, from left to right. Loaded with the first chain that shows it.
import {
  Background,
  Controls,
  type Edge,
  type Node,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Viewport,
} from '@xyflow/react';
import { type RefObject, useEffect, useMemo, useRef } from 'react';
import '@xyflow/react/dist/style.css';
import { GraphNode, type GraphNodeData } from './graph-node.tsx';
import { layOut, type Layout, nodeHeight, nodeWidth, type Placed } from './model/tidy-layout.ts';
import { onTreeKey } from './tree-keys.ts';
import type { ChainModel } from './use-chain-model.ts';

/** More nodes than these are no longer a picture; the rows have them all. */
const nodeLimit = 600;
/** From here on, only what is in sight is drawn. */
const cullFrom = 120;

/** A larger graph begins at what is selected. */
const wholeUpTo = 24;
const firstZoom = 0.8;

const nodeTypes = { event: GraphNode };
const handles = [
  { type: 'target' as const, position: Position.Left, x: 0, y: nodeHeight / 2, width: 1, height: 1 },
  { type: 'source' as const, position: Position.Right, x: nodeWidth, y: nodeHeight / 2, width: 1, height: 1 },
];

export function ChainGraph({ model }: { model: ChainModel }) {
  return (
    <ReactFlowProvider>
      <Graph model={model} />
    </ReactFlowProvider>
  );
}

function Graph({ model }: { model: ChainModel }) {
  const { roots, selected, path } = model;
  const layout = useMemo(
    () => layOut(roots, nodeLimit, (node) => node === selected || (!node.isGroup && path.ids.has(node.key))),
    [roots, selected, path],
  );
  const { nodes, edges } = useElements(layout, model);
  const pane = useRef<HTMLDivElement>(null);
  useFollow(pane, layout, model);
  return (
    <div ref={pane} className="chain-graph" onKeyDown={(event) => onTreeKey(event, model)}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        onlyRenderVisibleElements={nodes.length > cullFrom}
        disableKeyboardA11y
        minZoom={0.1}
        maxZoom={1.5}
        aria-label="Graph of the chain"
      >
        <Background gap={24} />
        <Controls showInteractive={false} />
      </ReactFlow>
      {layout.omitted > 0 && (
        <p className="graph-note">
          {layout.omitted.toLocaleString('en')} more are not drawn; the tree has them all.
        </p>
      )}
    </div>
  );
}

function useElements(layout: Layout, model: ChainModel): { nodes: Node<GraphNodeData>[]; edges: Edge[] } {
  return useMemo(() => {
    const isCritical = (key: string) => model.path.ids.has(key);
    const nodes = layout.placed.map(({ node, x, y }): Node<GraphNodeData> => ({
      id: node.key,
      type: 'event',
      position: { x, y },
      width: nodeWidth,
      height: nodeHeight,
      handles,
      // A node that the library can neither move nor select would not get the pointer.
      style: { pointerEvents: 'all' },
      data: { node, model, isSelected: node === model.selected, isCritical: isCritical(node.key) },
    }));
    const edges = layout.placed.flatMap(({ node }): Edge[] =>
      node.parent
        ? [
            {
              id: `${node.parent.key}>${node.key}`,
              source: node.parent.key,
              target: node.key,
              className: isCritical(node.key) ? 'is-critical' : '',
            },
          ]
        : [],
    );
    return { nodes, edges };
  }, [layout, model]);
}

/** Begins with all of a small chain; then brings into sight what is selected elsewhere. */
function useFollow(pane: RefObject<HTMLElement | null>, layout: Layout, { selected }: ChainModel): void {
  const { setCenter, getViewport, fitView } = useReactFlow();
  const latest = useRef(layout);
  latest.current = layout;
  const key = selected?.key;
  const isFirst = useRef(true);
  useEffect(() => {
    const at = latest.current.placed.find(({ node }) => node.key === key);
    const begins = isFirst.current;
    isFirst.current = false;
    if (begins && (latest.current.placed.length <= wholeUpTo || !at)) {
      void fitView({ maxZoom: 1, minZoom: 0.5, padding: 0.15 });
      return;
    }
    const viewport = getViewport();
    if (!at || (!begins && isInSight(at, viewport, pane.current!))) return;
    const duration = begins || matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 250;
    const zoom = begins ? firstZoom : Math.max(viewport.zoom, firstZoom);
    void setCenter(at.x + nodeWidth / 2, at.y + nodeHeight / 2, { zoom, duration });
  }, [key, pane, setCenter, getViewport, fitView]);
}

function isInSight(at: Placed, { x, y, zoom }: Viewport, pane: HTMLElement): boolean {
  const left = at.x * zoom + x;
  const top = at.y * zoom + y;
  const isInside = left >= 0 && left + nodeWidth * zoom <= pane.clientWidth;
  return isInside && top >= 0 && top + nodeHeight * zoom <= pane.clientHeight;
}
