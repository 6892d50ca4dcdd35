// The handlers of the gateway: what they run for, how often, how often they fail, and whether they are on.
import { HandlerListDocument, type HandlerListQuery } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { Count, countOf } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { Command, EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { HandlerSwitch } from './handler-switch.tsx';
import { HandlerRunsPanel, RunCounts } from './handler-runs.tsx';

export type ListedHandler = HandlerListQuery['handlers'][number];

const everyMs = 5_000;
const columns = ['Handler', 'Runs for', '#Runs', '#Failures', 'Last run', '#Waiting', '#Held', 'State', ''];

export function Handlers() {
  const { can } = useSession();
  const [{ handler: chosen }, change] = useAddress();
  const { data, error, isLoading } = useGatewayQuery(HandlerListDocument, {}, { everyMs });
  const handlers = data?.handlers ?? [];
  return (
    <>
      <Heading title="Handlers" />
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading handlers…</p>}
      {data && handlers.length === 0 && <NoHandlers />}
      {handlers.length > 0 && (
        <Table label="Handlers" columns={columns}>
          {handlers.map((handler) => (
            <HandlerRow
              key={handler.fullName}
              handler={handler}
              isChosen={handler.fullName === chosen}
              onChoose={() =>
                change({
                  handler: handler.fullName === chosen ? undefined : handler.fullName,
                  failures: undefined,
                })
              }
            />
          ))}
        </Table>
      )}
      {chosen && can('events:read') && <HandlerRunsPanel key={chosen} fullName={chosen} />}
    </>
  );
}

interface HandlerRowProps {
  readonly handler: ListedHandler;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function HandlerRow({ handler, isChosen, onChoose }: HandlerRowProps) {
  const { can } = useSession();
  const { fullName, title, source, where, async, lastRunAt, backlog } = handler;
  return (
    <tr aria-selected={isChosen}>
      <td>
        {can('events:read') ? (
          <button className="link" aria-expanded={isChosen} onClick={onChoose}>
            {fullName}
          </button>
        ) : (
          fullName
        )}
        {title && <span className="sub">{title}</span>}
      </td>
      <td>
        {source && <code>{source}</code>}
        <span className="sub">{async ? 'in the background' : 'the sender waits'}</span>
        {where && (
          <code className="sub clip" title={where}>
            {where}
          </code>
        )}
      </td>
      {can('events:read') ? (
        <RunCounts fullName={fullName} />
      ) : (
        <>
          <td className="number none">–</td>
          <td className="number none">–</td>
        </>
      )}
      <td className="nowrap">
        <Time at={lastRunAt} />
      </td>
      <td className="number">
        <Count value={backlog.waiting} isExact={backlog.isExact} />
      </td>
      <td className="number">
        <Count value={backlog.held} />
      </td>
      <td>
        <HandlerState handler={handler} />
      </td>
      <td>
        <HandlerSwitch handler={handler} />
      </td>
    </tr>
  );
}

function HandlerState({ handler }: { handler: ListedHandler }) {
  const { enabled, problem, filterErrors, lastFilterError } = handler;
  return (
    <>
      {problem ? (
        <>
          <span className="badge is-bad">broken</span>
          <span className="sub">{problem}</span>
        </>
      ) : (
        <span className={enabled ? 'badge is-ok' : 'badge'}>{enabled ? 'on' : 'off'}</span>
      )}
      {filterErrors > 0 && (
        <span className="sub">
          Its filter failed on {countOf(filterErrors, 'event')}: {lastFilterError}
        </span>
      )}
    </>
  );
}

function NoHandlers() {
  return (
    <EmptyState title="This gateway has no handlers">
      <p>
        A handler is a function that the gateway runs for events. Start the gateway with an app folder, which
        holds one folder per handler:
      </p>
      <Command text="THROUGHLINE_APP=./app npx throughline" />
    </EmptyState>
  );
}
