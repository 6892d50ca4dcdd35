// Where a request is looked up, and the latest requests with how they stand.
import { useInfiniteQuery, useQueries, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import {
  type EventFilter,
  RequestPageDocument,
  RequestSummaryDocument,
} from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { curlCommand, KeyedCommand } from '../../base/keyed-command.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { type ChangeBatch, useWatch } from '../../live/live-state.tsx';
import { useSession } from '../../shell/session.ts';
import { LookUp } from './look-up.tsx';
import { RequestTable } from './request-table.tsx';
import './shared.css';
import './chains.css';

const pageSize = 25;

const shows = {
  latest: 'Latest',
  failed: 'With failures',
  open: 'Unfinished',
} as const;
type Show = keyof typeof shows;

/** What tells the requests of a kind: their first events, or those events that make them so. */
const filters: Readonly<Record<Show, EventFilter>> = {
  latest: { conditions: { conditions: [{ key: 'dependsOn', comparison: 'ISNULL' }] } },
  failed: { statuses: ['FAILED'] },
  open: { statuses: ['PENDING', 'IN_PROGRESS', 'RESTARTED'] },
};

export function Chains() {
  const [address, changeAddress] = useAddress();
  const show: Show = address.show === 'failed' || address.show === 'open' ? address.show : 'latest';
  return (
    <>
      <Heading title="Chains" />
      <LookUp />
      <div className="segments chains-show" role="group" aria-label="Which requests">
        {Object.entries(shows).map(([name, title]) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === show}
            onClick={() => changeAddress({ show: name === 'latest' ? undefined : name })}
          >
            {title}
          </button>
        ))}
      </div>
      <Requests key={show} show={show} />
    </>
  );
}

function Requests({ show }: { show: Show }) {
  const { requestIds, pages } = useRequestPages(show);
  const summaries = useSummaries(requestIds);
  const fresh = useFresh(requestIds, show);
  const showFresh = () => {
    fresh.forget();
    void pages.refetch();
  };
  if (pages.isPending) return <p className="loading">Reading the requests…</p>;
  if (requestIds.length === 0 && !pages.error && fresh.count === 0) return <NoRequests show={show} />;
  return (
    <>
      <ErrorNotice error={pages.error} />
      <div aria-live="polite" className="chains-fresh">
        {fresh.count > 0 && (
          <button type="button" onClick={showFresh}>
            Show {fresh.count} new
          </button>
        )}
      </div>
      <RequestTable
        rows={requestIds.map((requestId, index) => ({
          requestId,
          summary: summaries[index]?.data?.eventChain,
          error: summaries[index]?.error,
        }))}
      />
      {pages.hasNextPage && (
        <p className="chains-more">
          <button
            type="button"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {pages.isFetchingNextPage ? 'Reading…' : 'Earlier requests'}
          </button>
        </p>
      )}
    </>
  );
}

/** Each request once, where its latest event of the kind is. */
function useRequestPages(show: Show) {
  const { client } = useSession();
  const pages = useInfiniteQuery({
    queryKey: ['requests', show],
    queryFn: ({ pageParam, signal }) =>
      client.query(
        RequestPageDocument,
        { filter: filters[show], first: pageSize, after: pageParam },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ events: { pageInfo } }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
  });
  const requestIds = useMemo(() => {
    const all =
      pages.data?.pages.flatMap(({ events }) => events.nodes.map(({ requestId }) => requestId)) ?? [];
    return [...new Set(all)];
  }, [pages.data]);
  return { requestIds, pages };
}

function useSummaries(requestIds: readonly string[]) {
  const { client } = useSession();
  return useQueries({
    queries: requestIds.map((requestId) => ({
      queryKey: ['request', requestId],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        client.query(RequestSummaryDocument, { requestId }, { signal }),
    })),
  });
}

/** How often the figures of one request are read anew at most, in milliseconds. */
const refreshMs = 1_000;

/** Reads listed requests anew when they change, and counts those that are not listed yet. */
function useFresh(requestIds: readonly string[], show: Show) {
  const queries = useQueryClient();
  const [others, setOthers] = useState<ReadonlySet<string>>(new Set());
  const pending = useRef<Set<string> | null>(null);
  const refresh = (changed: Iterable<string>) => {
    if (pending.current) return changed;
    pending.current = new Set();
    for (const requestId of changed) void queries.invalidateQueries({ queryKey: ['request', requestId] });
    setTimeout(() => {
      const waiting = pending.current ?? new Set();
      pending.current = null;
      if (waiting.size > 0) refresh(waiting);
    }, refreshMs);
    return [];
  };
  const { statuses } = filters[show];
  useWatch({ kinds: ['CREATED', 'STATUS', 'DELETED'] }, ({ changes, isOverflow }: ChangeBatch) => {
    if (isOverflow) void queries.invalidateQueries({ queryKey: ['request'] });
    const listed = new Set(requestIds);
    const ids = new Set(changes.map(({ event }) => event.requestId));
    for (const requestId of refresh([...ids].filter((id) => listed.has(id)))) pending.current?.add(requestId);
    const unknown = changes.filter(
      ({ event, status, kind }) =>
        kind !== 'DELETED' && !listed.has(event.requestId) && (!statuses || statuses.includes(status)),
    );
    if (unknown.length > 0)
      setOthers((before) => new Set([...before, ...unknown.map(({ event }) => event.requestId)]));
  });
  const count = [...others].filter((id) => !requestIds.includes(id)).length;
  return { count, forget: () => setOthers(new Set()) };
}

function NoRequests({ show }: { show: Show }) {
  if (show === 'failed')
    return (
      <EmptyState title="Nothing failed">
        Requests in which an event fails are listed here, the latest first.
      </EmptyState>
    );
  if (show === 'open')
    return (
      <EmptyState title="Everything is finished">
        Requests with waiting or running events are listed here.
      </EmptyState>
    );
  return (
    <EmptyState title="There are no requests yet">
      <p>Every event belongs to a request. Send one:</p>
      <KeyedCommand
        scopes={['events:send']}
        command={(key) =>
          curlCommand(
            key,
            'mutation { sendEvent(input: {topic: "order.paid", requestId: "order-1"}) { event { id requestId } } }',
          )
        }
      />
    </EmptyState>
  );
}
