// The durable subscriptions: how far each is, what its filter fails on, and what can be done with it.
import {
  SubscriptionLagDocument,
  SubscriptionListDocument,
  type SubscriptionDetailFragment,
} from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { Count } from '../../base/count.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { curlCommand, KeyedCommand } from '../../base/keyed-command.tsx';
import { Topics } from '../../base/links.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { exactTime } from '../../base/time.tsx';
import { SubscriptionActions } from './subscription-actions.tsx';

const everyMs = 5_000;
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', year: 'numeric' });
const lagEveryMs = 10_000;

/** Where the gateway stops counting. */
const countCap = 25_000;

export function Subscriptions() {
  const [{ after }, change] = useAddress();
  const { data, error, isLoading } = useGatewayQuery(
    SubscriptionListDocument,
    { after: after ?? null },
    { everyMs },
  );
  const subscriptions = data?.subscriptions.nodes ?? [];
  const { hasNextPage, endCursor } = data?.subscriptions.pageInfo ?? {};
  return (
    <>
      <Heading title="Subscriptions" />
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading subscriptions…</p>}
      {data && subscriptions.length === 0 && <NoSubscriptions />}
      {subscriptions.length > 0 && (
        <Table
          label="Subscriptions"
          columns={['Subscription', 'Events', 'Acknowledged', '#Position', '#Lag', 'Filter errors', '']}
        >
          {subscriptions.map((subscription) => (
            <SubscriptionRow key={subscription.id} subscription={subscription} />
          ))}
        </Table>
      )}
      {(after || hasNextPage) && (
        <div className="pager">
          {after && <button onClick={() => change({ after: undefined })}>First page</button>}
          {hasNextPage && <button onClick={() => change({ after: endCursor! })}>Next page</button>}
        </div>
      )}
    </>
  );
}

function SubscriptionRow({ subscription }: { subscription: SubscriptionDetailFragment }) {
  const { id, name, source, topics, where, ack, visibilityMs, position } = subscription;
  const { filterErrors, lastFilterError, expiresAt } = subscription;
  return (
    <tr>
      <td>
        {name ?? <span className="none">without a name</span>}
        <span className="sub nowrap" title={`${id}, expires ${exactTime(expiresAt)} unless it is used`}>
          <code>…{id.slice(-12)}</code>, ends {day.format(new Date(expiresAt))}
        </span>
      </td>
      <td>
        {topics && <Topics topics={topics} />}
        {source && (
          <>
            sender <code>{source}</code>
          </>
        )}
        {where && (
          <code className="sub clip" title={where}>
            {where}
          </code>
        )}
      </td>
      <td>
        {ack === 'AUTO' ? 'on delivery' : 'by hand'}
        {ack === 'MANUAL' && <span className="sub">within {visibilityMs / 1_000} s</span>}
      </td>
      <td className="number">{position}</td>
      <td className="number">
        <Lag id={id} />
      </td>
      <td>
        {filterErrors === 0 ? (
          <span className="none">none</span>
        ) : (
          <>
            <span className="badge is-bad">{filterErrors}</span>
            <span className="sub">{lastFilterError}</span>
          </>
        )}
      </td>
      <td>
        <SubscriptionActions subscription={subscription} />
      </td>
    </tr>
  );
}

/** Asked for by itself: a filter is tested on all that is pending, which takes its time. */
function Lag({ id }: { id: string }) {
  const { data } = useGatewayQuery(SubscriptionLagDocument, { id }, { everyMs: lagEveryMs });
  if (data?.node?.__typename !== 'DurableSubscription') return <span className="none">…</span>;
  const { lag } = data.node;
  return <Count value={lag} isExact={lag < countCap} />;
}

const subscribe = 'mutation { subscribe(input: {topics: ["order.*"], name: "Orders"}) { id position } }';

function NoSubscriptions() {
  return (
    <EmptyState title="There are no subscriptions yet">
      <p>
        A program subscribes once, and then takes one matching event after another, also those that were sent
        while it was away. Subscribe to all orders:
      </p>
      <KeyedCommand scopes={['subscriptions']} command={(key) => curlCommand(key, subscribe)} />
    </EmptyState>
  );
}
