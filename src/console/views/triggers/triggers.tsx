// The triggers: webhooks and schedules; one of them where the address names it.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type TriggerDetailFragment, TriggerListDocument } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { TopicLink } from '../../base/links.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { CreateTriggerDialog } from './create-trigger.tsx';
import { schemeNames } from './schemes.ts';
import { TriggerView } from './trigger.tsx';

export function Triggers() {
  const [{ id, name }] = useAddress();
  const { data, error, isLoading } = useGatewayQuery(TriggerListDocument, {}, { everyMs: 10_000 });
  const triggers = data?.triggers ?? [];
  const chosen = triggers.find((trigger) => (id ? trigger.id === id : trigger.name === name));
  if (chosen) return <TriggerView key={chosen.id} trigger={chosen} />;
  return (
    <TriggerList triggers={triggers} isLoading={isLoading} error={error} missing={data && (id ?? name)} />
  );
}

interface TriggerListProps {
  readonly triggers: readonly TriggerDetailFragment[];
  readonly isLoading: boolean;
  readonly error: unknown;
  /** The trigger of the address that does not exist. */
  readonly missing: string | undefined;
}

function TriggerList({ triggers, isLoading, error, missing }: TriggerListProps) {
  const [creating, setCreating] = useState<'WEBHOOK' | 'SCHEDULE' | null>(null);
  return (
    <>
      <Heading title="Triggers">
        <button onClick={() => setCreating('SCHEDULE')}>New schedule…</button>
        <button className="primary" onClick={() => setCreating('WEBHOOK')}>
          New webhook…
        </button>
      </Heading>
      <ErrorNotice error={error} />
      {missing && <p className="notice">There is no such trigger; it may have been deleted.</p>}
      {isLoading && <p className="loading">Loading triggers…</p>}
      {!isLoading && !error && triggers.length === 0 && <NoTriggers />}
      {triggers.length > 0 && (
        <Table
          label="Triggers"
          columns={['Trigger', 'Reacts to', 'Topic', 'State', 'Last tick', 'Next tick']}
        >
          {triggers.map((trigger) => (
            <TriggerRow key={trigger.id} trigger={trigger} />
          ))}
        </Table>
      )}
      {creating && <CreateTriggerDialog kind={creating} onClose={() => setCreating(null)} />}
    </>
  );
}

function TriggerRow({ trigger }: { trigger: TriggerDetailFragment }) {
  const { id, name, kind, enabled, topic, where, filterErrors, signature, cron, timezone } = trigger;
  return (
    <tr>
      <td>
        <Link to="/triggers" search={{ id }}>
          {name}
        </Link>
        {where && (
          <code className="sub clip" title={where}>
            {where}
          </code>
        )}
      </td>
      <td>
        {kind === 'WEBHOOK' ? (
          <>
            webhook<span className="sub">{schemeNames[signature!]}</span>
          </>
        ) : (
          <>
            <code>{cron}</code>
            <span className="sub">{timezone}</span>
          </>
        )}
      </td>
      <td>
        <TopicLink topic={topic} />
      </td>
      <td>
        <span className={enabled ? 'badge is-ok' : 'badge'}>{enabled ? 'on' : 'off'}</span>{' '}
        {filterErrors > 0 && <span className="badge is-bad">{filterErrors} filter errors</span>}
      </td>
      <td className="nowrap">
        <Time at={trigger.lastTick} />
      </td>
      <td className="nowrap">
        <Time at={enabled ? trigger.nextRun : null} />
      </td>
    </tr>
  );
}

function NoTriggers() {
  return (
    <EmptyState title="There are no triggers yet">
      <p>
        A webhook makes an event of each delivery of a service such as GitHub or Stripe, a schedule at times
        of your choice. Create one with the buttons above.
      </p>
    </EmptyState>
  );
}
