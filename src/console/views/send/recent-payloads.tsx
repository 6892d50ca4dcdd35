// Payloads that were sent to a topic lately, to begin from.
import { useQuery } from '@tanstack/react-query';
import { RecentPayloadsDocument } from '../../../../generated/console/graphql.ts';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';

interface RecentPayloadsProps {
  readonly topic: string;
  readonly onChoose: (payload: unknown) => void;
}

export function RecentPayloads({ topic, onChoose }: RecentPayloadsProps) {
  const { client, can } = useSession();
  const { data } = useQuery({
    queryKey: ['recentPayloads', topic],
    queryFn: async ({ signal }) =>
      (await client.query(RecentPayloadsDocument, { topic }, { signal })).events.nodes,
    enabled: can('events:read') && topic !== '' && !topic.includes('*'),
  });
  if (!data || data.length === 0) return null;
  return (
    <section className="card recent">
      <h2>Recent payloads</h2>
      <ul>
        {data.map(({ id, createdAt, payload }) => (
          <li key={id}>
            <button type="button" onClick={() => onChoose(payload)}>
              <Time at={createdAt} />
              <code>{preview(payload)}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function preview(payload: unknown): string {
  const text = JSON.stringify(payload);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
