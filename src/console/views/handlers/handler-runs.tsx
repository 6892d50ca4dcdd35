// The runs of a handler: how many there are, how many failed, and the latest.
import { HandlerRunCountsDocument, HandlerRunsDocument } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { Count } from '../../base/count.tsx';
import { CheckField } from '../../base/form/form.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel, Table } from '../../base/panel.tsx';
import { Status } from '../../base/status.tsx';
import { Duration, Time } from '../../base/time.tsx';

/** Two cells of the handler's row. */
export function RunCounts({ fullName }: { fullName: string }) {
  const { data } = useGatewayQuery(HandlerRunCountsDocument, { topic: fullName }, { everyMs: 15_000 });
  if (!data) return <td className="number muted" colSpan={2} />;
  return (
    <>
      <td className="number">
        <Count value={data.all.totalCount} isExact={data.all.totalIsExact} />
      </td>
      <td className={data.failed.totalCount > 0 ? 'number is-bad' : 'number'}>
        <Count value={data.failed.totalCount} isExact={data.failed.totalIsExact} />
      </td>
    </>
  );
}

export function HandlerRunsPanel({ fullName }: { fullName: string }) {
  const [{ failures }, change] = useAddress();
  const statuses = failures ? (['FAILED', 'ABORTED'] as const) : null;
  const variables = { topic: fullName, statuses };
  const { data, error, isLoading } = useGatewayQuery(HandlerRunsDocument, variables, { everyMs: 5_000 });
  const runs = data?.events.nodes ?? [];
  return (
    <div className="below">
      <Panel
        title={`Latest runs of ${fullName}`}
        actions={
          <CheckField
            label="Failures only"
            isChecked={failures !== undefined}
            onChange={(isChecked) => change({ failures: isChecked ? 'only' : undefined })}
          />
        }
      >
        <ErrorNotice error={error} />
        {isLoading && <p className="loading">Loading runs…</p>}
        {data && runs.length === 0 && (
          <p className="none">{failures ? 'None failed.' : 'It has not run yet.'}</p>
        )}
        {runs.length > 0 && (
          <Table label={`Runs of ${fullName}`} columns={['Created', 'Run', 'Status', 'Took', 'Error']}>
            {runs.map(({ id, status, createdAt, startedAt, finishedAt, error }) => (
              <tr key={id}>
                <td className="nowrap">
                  <Time at={createdAt} />
                </td>
                <td>
                  <EventLink id={id} />
                </td>
                <td>
                  <Status status={status} />
                </td>
                <td className="nowrap">
                  {finishedAt ? (
                    <Duration from={startedAt ?? createdAt} to={finishedAt} />
                  ) : (
                    <span className="none">–</span>
                  )}
                </td>
                <td>
                  {error?.code && <code>{error.code} </code>}
                  {error?.message ?? <span className="none">none</span>}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Panel>
    </div>
  );
}
