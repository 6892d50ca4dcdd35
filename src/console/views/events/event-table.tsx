// The table of the list of events, with its keys and its empty states.
import { useNavigate } from '@tanstack/react-router';
import { type RefObject, useCallback, useMemo, useRef, useState } from 'react';
import { useViewKeys } from '../../base/list/keys.ts';
import type { KeysetList, ListMemory } from '../../base/list/keyset-list.ts';
import { EmptyState, ErrorNotice } from '../../base/notice.tsx';
import { SendCommand } from '../../base/send-command.tsx';
import { type Column, VirtualTable, type VirtualTableHandle } from '../../base/list/virtual-table.tsx';
import { type Selection, selectionLimit } from './bulk-bar.tsx';
import { eventColumns, type EventRow } from './columns.tsx';
import { eventKey, type EventList } from './event-list.ts';
import { tokenText } from './search-query.ts';

interface EventTableProps {
  readonly events: EventList;
  readonly columns: readonly string[];
  readonly selection: Selection;
  readonly canSelect: boolean;
  readonly onSelect: (change: (before: Selection) => Selection) => void;
  readonly onSearchKey: () => void;
  readonly onSearch: (text: string) => void;
  /** The words of the search. */
  readonly words: string | null;
  readonly isFiltered: boolean;
  readonly handle: RefObject<VirtualTableHandle | null>;
}

export function EventTable(props: EventTableProps) {
  const { events, columns, selection, canSelect, onSelect, onSearchKey, handle } = props;
  const { list, setAtTop, watched } = events;
  const [active, setActive] = useActiveRow(list.memory);
  const toggle = useCallback((id: string) => onSelect((before) => toggled(before, id)), [onSelect]);
  useEventKeys({ list, handle, setActive, onSearchKey, onToggle: canSelect ? toggle : null });
  const shown = useMemo(() => {
    const chosen = eventColumns.filter(({ id }) => columns.includes(id));
    return canSelect ? [selectColumn(selection, toggle), ...chosen] : chosen;
  }, [columns, canSelect, selection, toggle]);
  const onRange = useCallback((from: number, to: number) => list.show(from, to), [list]);
  const error = list.error ?? watched.error;
  if (list.isLoaded && list.count === 0 && !list.hasMore && !error)
    return props.isFiltered ? <NothingFound words={props.words} onSearch={props.onSearch} /> : <NoEvents />;
  return (
    <>
      <div>
        <ErrorNotice error={error} />
        {list.error !== null && (
          <button type="button" onClick={() => list.retry()}>
            Try again
          </button>
        )}
      </div>
      <VirtualTable
        label="Events"
        columns={shown}
        count={list.count + (list.hasMore && !list.isStalled && list.error === null ? 1 : 0)}
        rowAt={(index) => list.rowAt(index)}
        keyOf={eventKey}
        rowClass={rowClass}
        activeKey={active}
        onRange={onRange}
        onTop={setAtTop}
        memory={list.memory}
        handle={handle}
      >
        <ListEnd list={list} />
      </VirtualTable>
    </>
  );
}

const rowClass = ({ isDeleted }: EventRow) => (isDeleted ? 'is-deleted' : '');

function toggled(before: Selection, id: string): Selection {
  const after = new Set(before);
  if (!after.delete(id) && after.size < selectionLimit) after.add(id);
  return after;
}

function selectColumn(selection: Selection, onToggle: (id: string) => void): Column<EventRow> {
  return {
    id: 'select',
    title: <span className="visually-hidden">Select</span>,
    width: '2.4rem',
    cell: ({ id, topic }) => (
      <input
        type="checkbox"
        aria-label={`Select ${topic} ${id}`}
        checked={selection.has(id)}
        onChange={() => onToggle(id)}
      />
    ),
  };
}

/** `current` is known at once: keys can come faster than the table is rendered. */
interface SetActive {
  current: string | null;
  to(id: string | null): void;
}

function useActiveRow(memory: ListMemory): readonly [string | null, SetActive] {
  const [active, setActive] = useState(memory.active);
  const latest = useRef(memory);
  latest.current = memory;
  const [set] = useState<SetActive>(() => ({
    current: memory.active,
    to(id) {
      this.current = id;
      latest.current.active = id;
      setActive(id);
    },
  }));
  return [active, set];
}

interface EventKeys {
  readonly list: KeysetList<EventRow>;
  readonly handle: RefObject<VirtualTableHandle | null>;
  readonly setActive: SetActive;
  readonly onSearchKey: () => void;
  readonly onToggle: ((id: string) => void) | null;
}

function useEventKeys({ list, handle, setActive, onSearchKey, onToggle }: EventKeys): void {
  const navigate = useNavigate();
  const move = (by: number) => {
    const active = setActive.current;
    const at = active === null ? -1 : list.findIndex(({ id }) => id === active);
    const index = Math.max(0, Math.min(at + by, list.count - 1));
    const row = list.rowAt(index);
    if (!row) return;
    setActive.to(row.id);
    handle.current?.scrollTo(index);
    // The row may have to be rendered first.
    requestAnimationFrame(() => handle.current?.focusRow(index));
  };
  const open = () => {
    // A link or button that has the focus does what it says.
    if (document.activeElement?.matches('a, button, input, summary')) return false;
    const active = setActive.current;
    if (active !== null) void navigate({ to: '/events/$id', params: { id: active } });
    return active !== null;
  };
  useViewKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: open,
    x: () => (setActive.current !== null ? onToggle?.(setActive.current) : undefined),
    '/': onSearchKey,
    Escape: () => setActive.to(null),
  });
}

function ListEnd({ list }: { list: KeysetList<EventRow> }) {
  if (list.isStalled)
    return (
      <p className="list-end">
        Much was searched, and nothing more found so far.{' '}
        <button type="button" className="link" onClick={() => list.searchOn()}>
          Search on
        </button>
      </p>
    );
  if (list.error !== null) return null;
  if (!list.isLoaded) return <p className="list-end">Loading…</p>;
  if (list.hasMore) return null;
  return <p className="list-end">{list.count.toLocaleString()} events. That is all.</p>;
}

/** An id that is seen in a list is no word of an event's text. */
function NothingFound({ words, onSearch }: { words: string | null; onSearch: (text: string) => void }) {
  const isOneWord = words !== null && /^\S+$/.test(words);
  return (
    <EmptyState title="No event matches">
      {isOneWord && (
        <p className="other-searches">
          Words are looked for in the topic, project, user, sender and description. Or was it
          {(['request', 'hash', 'topic'] as const).map((name) => (
            <button key={name} type="button" onClick={() => onSearch(tokenText(name, words))}>
              {tokenText(name, words)}
            </button>
          ))}
        </p>
      )}
      <p>Matching events appear here as soon as they are sent. A wider search may find others.</p>
    </EmptyState>
  );
}

function NoEvents() {
  return (
    <EmptyState title="No events yet">
      <p>Events appear here as they are sent. Send the first one:</p>
      <SendCommand />
    </EmptyState>
  );
}
