// The gateways and the database behind them, in a few figures.
import { Link } from '@tanstack/react-router';
import { OverviewSystemDocument, type OverviewSystemQuery } from '../../../../generated/console/graphql.ts';
import { bytesText, countOf, numberText } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { Duration, durationText, Time } from '../../base/time.tsx';

const everyMs = 5_000;

export function SystemFigures() {
  const { data, error } = useGatewayQuery(OverviewSystemDocument, {}, { everyMs });
  return (
    <section className="card" aria-labelledby="system">
      <h2 id="system">Gateways and database</h2>
      <ErrorNotice error={error} />
      {data && <Gateways gateways={data.system.gateways} />}
      {data && <Database system={data.system} />}
      <p>
        <Link to="/system">More of the system</Link>
      </p>
    </section>
  );
}

function Gateways({ gateways }: { gateways: OverviewSystemQuery['system']['gateways'] }) {
  return (
    <ul className="gateways">
      {gateways.map(({ id, version, startedAt, lastSeenAt, subscribers }) => (
        <li key={id}>
          <code title={id}>{id.slice(0, 8)}</code> {version}, up <Duration from={startedAt} />,{' '}
          {countOf(subscribers, 'open stream')}
          <span className="muted">
            {' '}
            · seen <Time at={lastSeenAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Database({ system: { database, position } }: { system: OverviewSystemQuery['system'] }) {
  const { kind, sizeBytes, deadRowShare, oldestTransactionSeconds, writeQueue } = database;
  return (
    <dl className="overview-facts">
      <Fact name="Database">{kind}</Fact>
      <Fact name="Size">{bytesText(sizeBytes)}</Fact>
      <Fact name="Dead rows">{deadRowShare === null ? '–' : `${(deadRowShare * 100).toFixed(1)} %`}</Fact>
      <Fact name="Oldest transaction">
        {oldestTransactionSeconds === null ? '–' : durationText(oldestTransactionSeconds * 1_000)}
      </Fact>
      <Fact name="Write queue">{numberText(writeQueue)}</Fact>
      <Fact name="End of the log">{numberText(Number(position))}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
