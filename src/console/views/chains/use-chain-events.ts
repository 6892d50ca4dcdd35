// The events of a request, read once and then live.
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { ChainAdditionsDocument, ChainEventsDocument } from '../../../../generated/console/graphql.ts';
import { type ChangeBatch, useWatch } from '../../live/live-state.tsx';
import { useSession } from '../../shell/session.ts';
import { applyChanges, type ChainEvents, mergeEvents, replaceEvents } from './model/chain-events.ts';

/** As many ids as the gateway takes for one page. */
const pageSize = 1_000;

export interface LiveChain {
  /** Null until they were read. */
  readonly events: ChainEvents | null;
  readonly error: unknown;
}

export function useChainEvents(requestId: string): LiveChain {
  const { client } = useSession();
  const [events, setEvents] = useState<ChainEvents>(new Map());
  const [isRead, setRead] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const readMore = useCallback(
    async (ids: readonly string[]) => {
      for (let start = 0; start < ids.length; start += pageSize) {
        const { events: found } = await client.query(ChainAdditionsDocument, {
          ids: ids.slice(start, start + pageSize),
        });
        setEvents((before) => mergeEvents(before, found.nodes));
      }
    },
    [client],
  );
  const watched = useWatch({ filter: { requestIds: [requestId] } }, (batch: ChangeBatch) => {
    if (batch.isOverflow) return void query.refetch();
    const { toRead } = applyChanges(events, batch.changes);
    setEvents((before) => applyChanges(before, batch.changes).events);
    if (toRead.length > 0) readMore(toRead).catch(setFailure);
  });
  // Once the stream has its place in the log, so that no change falls between the two.
  const query = useQuery({
    queryKey: ['chain', requestId],
    queryFn: ({ signal }) => client.query(ChainEventsDocument, { requestId }, { signal }),
    enabled: watched.status !== 'connecting',
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  useEffect(() => {
    if (!query.data) return;
    const { eventChain } = query.data;
    setEvents((before) => replaceEvents(before, eventChain?.events ?? []));
    setRead(true);
  }, [query.data]);
  return { events: isRead ? events : null, error: query.error ?? failure ?? watched.error };
}
