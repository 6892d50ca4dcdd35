// Which of the latest stored events would not fit a schema that is being edited.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { TopicSamplesDocument } from '../../../../generated/console/graphql.ts';
import { countOf } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import type { Misfit } from './check-schema.ts';

/** The latest events that are checked. */
const checked = 200;
const shownMisfits = 20;

interface StoredEventsCheckProps {
  readonly topic: string;
  /** Null: any value fits. */
  readonly payloadSchema: unknown;
  readonly summarySchema: unknown;
}

export function StoredEventsCheck({ topic, payloadSchema, summarySchema }: StoredEventsCheckProps) {
  const { can } = useSession();
  const samples = useGatewayQuery(
    TopicSamplesDocument,
    { topic, first: checked },
    { isWanted: can('events:read') },
  );
  const events = samples.data?.events.nodes;
  // The gateway compiles a schema; here it is interpreted, since the page may not compile code.
  const schemas = useDeferredValue(JSON.stringify({ payloadSchema, summarySchema }));
  const { data: misfits, error } = useQuery({
    queryKey: ['misfits', topic, schemas, samples.dataUpdatedAt],
    queryFn: async () => {
      const { misfitsOf } = await import('./check-schema.ts');
      return misfitsOf(JSON.parse(schemas) as { payloadSchema: unknown; summarySchema: unknown }, events!);
    },
    enabled: events !== undefined,
    placeholderData: keepPreviousData,
  });
  if (!can('events:read')) return null;
  return (
    <section aria-label="Stored events" aria-live="polite">
      <h3>Stored events</h3>
      <ErrorNotice error={samples.error} />
      {error && (
        <p className="notice">The stored events cannot be checked with this schema: {error.message}</p>
      )}
      {!error && misfits && events && <Outcome misfits={misfits} count={events.length} />}
    </section>
  );
}

function Outcome({ misfits, count }: { misfits: readonly Misfit[]; count: number }) {
  if (count === 0) return <p className="none">No event of this topic is stored.</p>;
  if (misfits.length === 0) return <p>All of the latest {countOf(count, 'event')} would fit.</p>;
  return (
    <>
      <p className="notice notice-error">
        {misfits.length} of the latest {countOf(count, 'event')} would not fit.
      </p>
      <Table label="Events that would not fit" columns={['Event', 'Sent', 'Where', 'Why']}>
        {misfits.slice(0, shownMisfits).map(({ id, createdAt, path, reason }) => (
          <tr key={id}>
            <td>
              <EventLink id={id} />
            </td>
            <td className="nowrap">
              <Time at={createdAt} />
            </td>
            <td>
              <code>{path}</code>
            </td>
            <td>{reason}</td>
          </tr>
        ))}
      </Table>
      {misfits.length > shownMisfits && <p className="muted">And {misfits.length - shownMisfits} more.</p>}
    </>
  );
}
