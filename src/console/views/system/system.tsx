// The system: gateways, the database, the outbox and the limits in force.
import { SystemStateDocument, type SystemStateQuery } from '../../../../generated/console/graphql.ts';
import { bytesText, numberText } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { ErrorNotice, Heading } from '../../base/notice.tsx';
import { Facts, Panel, Table } from '../../base/panel.tsx';
import { Duration, durationText, Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { Limits } from './limits.tsx';
import { OutboxPanel } from './outbox.tsx';
import './system.css';

const everyMs = 5_000;

export function System() {
  const { can, viewer } = useSession();
  const { data, error, isLoading } = useGatewayQuery(SystemStateDocument, {}, { everyMs });
  // The outbox holds events of all projects.
  const seesOutbox = can('admin') && viewer.projects === null && viewer.topics === null;
  return (
    <>
      <Heading title="System" />
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Asking the gateway…</p>}
      {data && <Gateways gateways={data.system.gateways} />}
      {data && <Database system={data.system} />}
      {seesOutbox && <OutboxPanel />}
      <Limits />
    </>
  );
}

type SystemState = SystemStateQuery['system'];

function Gateways({ gateways }: Pick<SystemState, 'gateways'>) {
  return (
    <Panel title="Gateways" hint="Those that reported themselves within the last minute.">
      <Table
        label="Gateways"
        columns={['Gateway', 'Version', 'Up for', 'Started', 'Last seen', '#Open streams']}
      >
        {gateways.map(({ id, version, startedAt, lastSeenAt, subscribers }) => (
          <tr key={id}>
            <td>
              <code title={id}>{id.slice(0, 8)}</code>
            </td>
            <td>{version}</td>
            <td className="nowrap">
              <Duration from={startedAt} />
            </td>
            <td className="nowrap">
              <Time at={startedAt} />
            </td>
            <td className="nowrap">
              <Time at={lastSeenAt} />
            </td>
            <td className="number">{numberText(subscribers)}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

/** Transactions that are open for longer keep dead rows. */
const longTransactionSeconds = 300;

function Database({ system: { database, position, oldestPosition } }: { system: SystemState }) {
  const { kind, sizeBytes, deadRowShare, oldestTransactionSeconds, writeQueue } = database;
  const none = <span className="none">not known</span>;
  return (
    <Panel title="Database">
      <Facts
        facts={{
          Kind: kind === 'embedded' ? 'embedded in the gateway' : 'a Postgres server',
          'Size of all tables': bytesText(sizeBytes),
          'Dead rows': deadRowShare === null ? none : `${(deadRowShare * 100).toFixed(1)} %`,
          'Oldest transaction':
            oldestTransactionSeconds === null ? (
              <span className="none">none is open</span>
            ) : (
              <>
                {durationText(oldestTransactionSeconds * 1_000)}{' '}
                {oldestTransactionSeconds > longTransactionSeconds && (
                  <span className="badge is-warn">keeps dead rows</span>
                )}
              </>
            ),
          'Writes that wait': numberText(writeQueue),
          'The log reaches': `from position ${oldestPosition} to ${position}`,
        }}
      />
    </Panel>
  );
}
