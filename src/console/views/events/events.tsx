// The live list of events: searched, followed, and changed in bulk.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState } from 'react';
import { Heading } from '../../base/notice.tsx';
import type { VirtualTableHandle } from '../../base/list/virtual-table.tsx';
import { useSession } from '../../shell/session.ts';
import { BulkBar, type Selection } from './bulk-bar.tsx';
import { ColumnMenu, columnsOf } from './columns.tsx';
import { EventTable } from './event-table.tsx';
import { freshLimit, type OrderName, orders, useEventList } from './event-list.ts';
import { SavedSearches } from './saved-searches.tsx';
import { SearchBox } from './search-box.tsx';
import { parseSearch } from './search-query.ts';
import './events.css';

const everything = parseSearch('');

type Parameters = Readonly<Record<string, string | undefined>>;

function useParameters() {
  const search: Parameters = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (next: Parameters, isNew = false) =>
      void navigate({
        to: '.',
        search: isNew ? next : (before: Parameters) => ({ ...before, ...next }),
        replace: !isNew,
      } as never),
    [navigate],
  );
  return { search, change };
}

export function Events() {
  const { search, change } = useParameters();
  const { can } = useSession();
  const { q = '', order: orderName = '', columns } = search;
  const order: OrderName = orderName in orders ? (orderName as OrderName) : 'newest';
  const query = useMemo(() => parseSearch(q), [q]);
  // A search with a mistake is not asked.
  const asked = useRef(everything);
  if (query.problems.length === 0) asked.current = query;
  const { filter, where } = asked.current;
  const [isPaused, setPaused] = useState(false);
  const events = useEventList({ filter, where, order, isPaused });
  const [selection, setSelection] = useState<Selection>(new Set());
  const focusSearch = useSearchFocus();
  const table = useRef<VirtualTableHandle>(null);
  const shown = columnsOf(columns);
  const showFresh = () => {
    table.current?.scrollTo(0);
    setPaused(false);
    events.showFresh();
  };
  const onSearch = (text: string) => {
    setSelection(new Set());
    table.current?.scrollTo(0);
    change({ q: text });
  };
  return (
    <div className="events-view">
      <Heading title="Events">
        <LiveButtons isPaused={isPaused} fresh={events.fresh} onPause={setPaused} onShow={showFresh} />
        <OrderSelect order={order} onOrder={(next) => change({ order: next === 'newest' ? '' : next })} />
        <ColumnMenu chosen={shown} onChoose={(next) => change({ columns: next ?? '' })} />
        <SavedSearches search={given(search)} onOpen={(next) => change(next, true)} />
      </Heading>
      <SearchBox
        text={q}
        onSearch={onSearch}
        onLeave={() => (document.activeElement as HTMLElement | null)?.blur()}
        onReady={focusSearch.ready}
      />
      <BulkBar
        selection={selection}
        query={query}
        q={q}
        onClear={() => setSelection(new Set())}
        onDone={() => events.showFresh()}
      />
      {query.problems.length > 0 ? (
        <p className="notice">Nothing is listed until the search is mended.</p>
      ) : (
        <EventTable
          events={events}
          columns={shown}
          selection={selection}
          canSelect={can('events:update') || can('events:delete')}
          onSelect={setSelection}
          onSearchKey={focusSearch.focus}
          onSearch={onSearch}
          words={query.filter.text ?? null}
          isFiltered={q.trim() !== ''}
          handle={table}
        />
      )}
    </div>
  );
}

/** The editor is loaded after the list: what is asked of it before is done once it is there. */
function useSearchFocus() {
  const state = useRef<{ focus: (() => void) | null; isWanted: boolean }>({ focus: null, isWanted: false });
  const focus = useCallback(() => {
    state.current.isWanted = true;
    state.current.focus?.();
  }, []);
  const ready = useCallback((focusEditor: () => void) => {
    state.current.focus = focusEditor;
    if (state.current.isWanted) focusEditor();
  }, []);
  return { focus, ready };
}

function given(search: Parameters): Readonly<Record<string, string>> {
  const { q = '', order = '', columns = '' } = search;
  return Object.fromEntries(Object.entries({ q, order, columns }).filter(([, value]) => value !== ''));
}

interface LiveButtonsProps {
  readonly isPaused: boolean;
  readonly fresh: number;
  readonly onPause: (isPaused: boolean) => void;
  readonly onShow: () => void;
}

function LiveButtons({ isPaused, fresh, onPause, onShow }: LiveButtonsProps) {
  const count = fresh >= freshLimit ? `${freshLimit.toLocaleString()}+` : fresh.toLocaleString();
  return (
    <>
      {fresh > 0 && (
        <button type="button" className="fresh" onClick={onShow}>
          {count} new
        </button>
      )}
      <button type="button" aria-pressed={isPaused} onClick={() => onPause(!isPaused)}>
        <span className={isPaused ? 'live-mark' : 'live-mark is-live'} aria-hidden="true" />
        {isPaused ? 'Resume' : 'Pause'}
      </button>
    </>
  );
}

function OrderSelect({ order, onOrder }: { order: OrderName; onOrder: (order: OrderName) => void }) {
  return (
    <select aria-label="Order" value={order} onChange={({ target }) => onOrder(target.value as OrderName)}>
      <option value="newest">Newest first</option>
      <option value="oldest">Oldest first</option>
      <option value="changed">Last changed first</option>
    </select>
  );
}
