// The chain as a tree, and beside it as a waterfall on a time axis: one row per event or group, drawn only where one looks.
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { Status } from '../../base/status.tsx';
import { durationText } from '../../base/time.tsx';
import { axisTicks, spanOf, type TimeSpan, timingOf } from './model/timing.ts';
import type { VisibleNode } from './model/visible-tree.ts';
import { onTreeKey } from './tree-keys.ts';
import type { ChainModel } from './use-chain-model.ts';
import { WaterfallBar } from './waterfall-bar.tsx';

const rowHeight = 28;
const headHeight = 27;
const tickCount = 6;
/** Deeper rows are not indented further. */
const deepestIndent = 16;

interface ChainRowsProps {
  readonly model: ChainModel;
  readonly hasBars: boolean;
}

export function ChainRows({ model, hasBars }: ChainRowsProps) {
  const { rows, selected } = model;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]!.key,
    overscan: 12,
    // The head stays above the rows, and covers none that is scrolled to.
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });
  useFollow(virtualizer, rows, selected);
  return (
    <div
      ref={scroller}
      className={hasBars ? 'chain-rows has-bars' : 'chain-rows'}
      role="treegrid"
      aria-label="Events of the chain"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={selected && `row-${selected.key}`}
      tabIndex={0}
      onKeyDown={(event) => onTreeKey(event, model)}
    >
      <HeadRow hasBars={hasBars} span={model.span} />
      <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => (
          <Row
            key={key}
            node={rows[index]!}
            index={index}
            top={start - headHeight}
            model={model}
            hasBars={hasBars}
          />
        ))}
      </div>
    </div>
  );
}

/** Scrolls to what was selected elsewhere. Not on each change: a viewer who scrolled away is left alone. */
function useFollow(
  virtualizer: Virtualizer<HTMLDivElement, Element>,
  rows: readonly VisibleNode[],
  selected: VisibleNode | undefined,
): void {
  const key = selected?.key;
  useEffect(() => {
    const index = rows.findIndex((row) => row.key === key);
    if (index >= 0) virtualizer.scrollToIndex(index, { align: 'auto' });
  }, [key]);
}

function HeadRow({ hasBars, span }: { hasBars: boolean; span: TimeSpan }) {
  const lengthMs = span.to - span.from;
  return (
    <div role="rowgroup" className="chain-head">
      <div role="row" aria-rowindex={1} className="chain-row" style={{ height: headHeight }}>
        <span role="columnheader">Event</span>
        {hasBars ? (
          <span role="columnheader" className="axis" aria-label="Time">
            {labelledTicks(lengthMs).map((offset) => (
              <i key={offset} style={{ left: `${lengthMs === 0 ? 0 : (offset / lengthMs) * 100}%` }}>
                {offset === 0 ? '0' : durationText(offset)}
              </i>
            ))}
          </span>
        ) : (
          <span role="columnheader">Status</span>
        )}
        <span role="columnheader" className="number">
          Waited
        </span>
        <span role="columnheader" className="number">
          Ran
        </span>
      </div>
    </div>
  );
}

/** Without those whose text would not fit before the end. */
function labelledTicks(lengthMs: number): readonly number[] {
  return axisTicks(lengthMs, tickCount).filter((offset) => offset === 0 || offset / lengthMs < 0.9);
}

interface RowProps extends ChainRowsProps {
  readonly node: VisibleNode;
  readonly index: number;
  readonly top: number;
}

function Row({ node, index, top, model, hasBars }: RowProps) {
  const { selected, path, now, span } = model;
  const first = node.members[0]!;
  const isCritical = !node.isGroup && path.ids.has(first.event.id);
  const timing = timingOf(first.event, now);
  return (
    <div
      role="row"
      id={`row-${node.key}`}
      className={isCritical ? 'chain-row is-critical' : 'chain-row'}
      style={{ transform: `translateY(${top}px)`, height: rowHeight, position: 'absolute' }}
      aria-rowindex={index + 2}
      aria-level={node.depth + 1}
      aria-selected={selected === node}
      aria-expanded={node.canOpen ? node.isOpen : undefined}
      onClick={() => model.select(node.key)}
      onDoubleClick={() => node.canOpen && model.toggle(node)}
    >
      <NameCell node={node} model={model} />
      <span role="gridcell">
        {hasBars ? (
          <WaterfallBar node={node} span={span} now={now} isCritical={isCritical} />
        ) : (
          <StatusCell node={node} />
        )}
      </span>
      {node.isGroup ? (
        <GroupTimes node={node} now={now} />
      ) : (
        <>
          <Figure ms={timing.queueMs} />
          <Figure ms={timing.runMs} />
        </>
      )}
    </div>
  );
}

function GroupTimes({ node, now }: { node: VisibleNode; now: number }) {
  const span = spanOf(node.members, now)!;
  return (
    <>
      <Figure ms={0} />
      <span
        role="gridcell"
        className="number muted"
        title="From the first event of the group to its last end"
      >
        {durationText(span.to - span.from)}
      </span>
    </>
  );
}

function Figure({ ms }: { ms: number }) {
  return (
    <span role="gridcell" className={ms === 0 ? 'number none' : 'number'}>
      {ms === 0 ? '–' : durationText(ms)}
    </span>
  );
}

function StatusCell({ node }: { node: VisibleNode }) {
  const { error, retries } = node.members[0]!.event;
  return (
    <span className="chain-status">
      <Status status={node.status} />
      {!node.isGroup && retries > 0 && <span className="muted">{retries} retries</span>}
      {error && (
        <span className="chain-error">
          {error.code && <code>{error.code}</code>} {error.message}
        </span>
      )}
    </span>
  );
}

function NameCell({ node, model }: { node: VisibleNode; model: ChainModel }) {
  const { event } = node.members[0]!;
  const indent = Math.min(node.depth, deepestIndent) * 14;
  const failed = failedBelow(node);
  return (
    <span role="gridcell" className="chain-name" style={{ paddingLeft: indent }}>
      <Toggle node={node} model={model} />
      <i
        className={`dot status-${node.status.toLowerCase()}`}
        title={node.status.toLowerCase().replace('_', ' ')}
      />
      <span className="chain-topic">{node.topic}</span>
      {node.isGroup && <b className="times">×{node.members.length.toLocaleString('en')}</b>}
      {!node.isGroup && event.nodeId !== event.id && (
        <span className="muted chain-node-id">{event.nodeId}</span>
      )}
      {!node.isOpen && failed > 0 && <span className="failed-below">{failed} failed below</span>}
      <span className="visually-hidden">{node.status.toLowerCase().replace('_', ' ')}</span>
    </span>
  );
}

/** What a closed event hides; a closed group shows what is below it. */
function failedBelow(node: VisibleNode): number {
  return node.isGroup ? 0 : node.members[0]!.failedBelow;
}

/** For the pointer; the keyboard has the arrow keys. */
function Toggle({ node, model }: { node: VisibleNode; model: ChainModel }) {
  if (!node.canOpen) return <span className="toggle" />;
  return (
    <span
      className="toggle is-active"
      aria-hidden
      onClick={(event) => {
        event.stopPropagation();
        model.toggle(node);
      }}
    >
      {node.isOpen ? '▾' : '▸'}
    </span>
  );
}
