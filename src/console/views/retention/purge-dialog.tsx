// Runs the rules of retention now, after it has said what that purges.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { PurgeDocument } from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { countOf } from '../../base/count.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { useSession } from '../../shell/session.ts';

/** A purge of many events takes its time. */
const timeoutMs = 600_000;

export function PurgeDialog({ onClose }: { onClose: () => void }) {
  const { client } = useSession();
  const queries = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ['purge', 'dry run'],
    queryFn: ({ signal }) => client.mutate(PurgeDocument, { dryRun: true }, { timeoutMs, signal }),
    gcTime: 0,
    staleTime: 0,
  });
  const count = data?.purge.count;
  const purge = async () => {
    await client.mutate(PurgeDocument, { dryRun: false }, { timeoutMs });
    void queries.invalidateQueries();
  };
  return (
    <Confirm
      title="Purge now?"
      action={count === undefined ? 'Purge' : `Purge ${countOf(count, 'event')}`}
      isDangerous
      isDisabled={count === undefined}
      onConfirm={purge}
      onClose={onClose}
    >
      <p>
        {count === undefined
          ? 'Counting what the rules select…'
          : `The rules select ${countOf(count, 'event')}. They are deleted for good.`}
      </p>
      <ErrorNotice error={error} />
    </Confirm>
  );
}
