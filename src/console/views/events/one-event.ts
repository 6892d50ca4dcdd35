// One event as the gateway has it, read anew when it changes.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { OneEventDocument, type OneEventQuery } from '../../../../generated/console/graphql.ts';
import { useWatch } from '../../live/live-state.tsx';
import { useSession } from '../../shell/session.ts';

export type OneEvent = NonNullable<OneEventQuery['event']>;

/** The last state that was read stays when the event is deleted, and is marked so. */
export function useOneEvent(id: string) {
  const { client } = useSession();
  const queries = useQueryClient();
  const queryKey = ['event', id];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const { event } = await client.query(OneEventDocument, { id }, { signal });
      const before = queries.getQueryData<{ event: OneEvent | null }>(queryKey);
      return { event: event ?? before?.event ?? null, isThere: event !== null && event !== undefined };
    },
    // The stream says when it changes.
    staleTime: 0,
  });
  useWatch({ filter: { ids: [id] } }, () => void queries.invalidateQueries({ queryKey }));
  return query;
}
