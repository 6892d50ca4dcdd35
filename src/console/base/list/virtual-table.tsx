// A table of any length: only the rows that are to be seen are in the page.
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, type Ref, useCallback, useEffect, useImperativeHandle, useRef } from 'react';
import type { ListMemory } from './keyset-list.ts';
import './virtual-table.css';

export interface Column<Row> {
  readonly id: string;
  readonly title: ReactNode;
  /** A track of a CSS grid, such as `8rem` or `minmax(10rem, 2fr)`. */
  readonly width: string;
  readonly cell: (row: Row) => ReactNode;
}

export interface VirtualTableHandle {
  scrollTo(index: number): void;
  /** Puts the keyboard's focus on a row, which has to be seen. */
  focusRow(index: number): void;
}

interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly count: number;
  /** Undefined while the row is not loaded. */
  readonly rowAt: (index: number) => Row | undefined;
  readonly keyOf: (row: Row) => string;
  /** Marks a row, such as the one the keyboard is at. */
  readonly activeKey?: string | null;
  readonly rowClass?: (row: Row) => string;
  /** Called with the rows to be seen, the second one excluded, whenever they change. */
  readonly onRange?: (from: number, to: number) => void;
  /** Called when the reader leaves the top, or comes back to it. */
  readonly onTop?: (isAtTop: boolean) => void;
  /** Where the reader is, for when the table is shown again. */
  readonly memory?: ListMemory;
  readonly handle?: Ref<VirtualTableHandle>;
  /** What stands below the last row. */
  readonly children?: ReactNode;
}

/** In pixels; rows are all alike, so that nothing jumps. */
const rowHeight = 34;

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, count, rowAt, keyOf, activeKey, onRange, onTop, memory, handle, children } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    initialOffset: memory?.scrollTop ?? 0,
  });
  const items = rows.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = (items.at(-1)?.index ?? -1) + 1;
  useEffect(() => onRange?.(from, to), [onRange, from, to]);
  useImperativeHandle(handle, () => ({
    scrollTo: (index) => rows.scrollToIndex(index, { align: index === 0 ? 'start' : 'auto' }),
    focusRow: (index) =>
      scroller.current
        ?.querySelector<HTMLElement>(`[aria-rowindex="${index + 2}"]`)
        ?.focus({ preventScroll: true }),
  }));
  const isAtTop = useRef(true);
  const onScroll = useCallback(() => {
    const { scrollTop } = scroller.current!;
    if (memory) memory.scrollTop = scrollTop;
    const isNow = scrollTop < rowHeight / 2;
    if (isNow === isAtTop.current) return;
    isAtTop.current = isNow;
    onTop?.(isNow);
  }, [onTop, memory]);
  const template = columns.map(({ width }) => width).join(' ');
  return (
    <div className="virtual-scroll" ref={scroller} onScroll={onScroll} tabIndex={-1}>
      <div role="table" aria-label={label} aria-rowcount={count + 1} className="virtual-table">
        <div role="row" aria-rowindex={1} className="virtual-head" style={{ gridTemplateColumns: template }}>
          {columns.map(({ id, title }) => (
            <div role="columnheader" key={id}>
              {title}
            </div>
          ))}
        </div>
        <div role="rowgroup" className="virtual-body" style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rowAt(index);
            const key = row === undefined ? `#${index}` : keyOf(row);
            return (
              <Row
                key={key}
                index={index}
                start={start}
                template={template}
                columns={columns as readonly Column<unknown>[]}
                row={row}
                isActive={row !== undefined && key === activeKey}
                className={row === undefined ? 'is-loading' : (props.rowClass?.(row) ?? '')}
              />
            );
          })}
        </div>
      </div>
      {children}
    </div>
  );
}

interface RowProps {
  readonly index: number;
  readonly start: number;
  readonly template: string;
  readonly columns: readonly Column<unknown>[];
  readonly row: unknown;
  readonly isActive: boolean;
  readonly className: string;
}

/** Rendered again only when something of it changes: a scrolled table is mostly rows that stay. */
const Row = memo(function Row({ index, start, template, columns, row, isActive, className }: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-current={isActive || undefined}
      tabIndex={-1}
      className={`virtual-row ${className}`}
      style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
    >
      {columns.map(({ id, cell }) => (
        <div role="cell" key={id}>
          {row === undefined ? '' : cell(row)}
        </div>
      ))}
    </div>
  );
});
