// Reading from the gateway and changing it, as hooks of the views.
import { keepPreviousData, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { TypedDocument } from '../../client/client.ts';
import { useSession } from '../shell/session.ts';

interface QuerySettings {
  /** How often the answer is read anew while the page is visible, in milliseconds. Default: only when something changes. */
  readonly everyMs?: number;
  /** False: nothing is asked. */
  readonly isWanted?: boolean;
}

/** The answer to a document. The earlier one stays while another is read. */
export function useGatewayQuery<Result, Variables extends object>(
  document: TypedDocument<Result, Variables>,
  variables: Variables,
  { everyMs, isWanted = true }: QuerySettings = {},
): UseQueryResult<Result> {
  const { client } = useSession();
  return useQuery({
    queryKey: [document.toString(), variables],
    queryFn: ({ signal }) => client.query(document, variables, { signal }),
    placeholderData: keepPreviousData,
    enabled: isWanted,
    ...(everyMs !== undefined && { refetchInterval: everyMs, staleTime: 0 }),
  });
}

/** Executes a mutation, after which all that the page shows is read anew. Rejects with the gateway's refusal. */
export function useChange() {
  const { client } = useSession();
  const queries = useQueryClient();
  return useCallback(
    async <Result, Variables extends object>(
      document: TypedDocument<Result, Variables>,
      variables: Variables,
    ): Promise<Result> => {
      const result = await client.mutate(document, variables);
      void queries.invalidateQueries();
      return result;
    },
    [client, queries],
  );
}
