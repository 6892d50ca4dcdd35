// One trigger: how it is set up, what it sent, and what can be done with it.
import { Link } from '@tanstack/react-router';
import type { TriggerDetailFragment } from '../../../../generated/console/graphql.ts';
import { gatewayUrl, useSession } from '../../shell/session.ts';
import { TopicLink } from '../../base/links.tsx';
import { Command, Heading } from '../../base/notice.tsx';
import { Facts, Panel } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { Deliveries } from './deliveries.tsx';
import { NextTicks } from './next-ticks.tsx';
import { schemeNames, stepsOf } from './schemes.ts';
import { TriggerActions } from './trigger-actions.tsx';
import './triggers.css';

export function TriggerView({ trigger }: { trigger: TriggerDetailFragment }) {
  const { can } = useSession();
  const { name, kind, enabled, filterErrors, lastFilterError } = trigger;
  return (
    <>
      <p className="breadcrumb">
        <Link to="/triggers">Triggers</Link>
      </p>
      <Heading
        title={
          <>
            {name} <span className={enabled ? 'badge is-ok' : 'badge'}>{enabled ? 'on' : 'off'}</span>
          </>
        }
      >
        <TriggerActions trigger={trigger} />
      </Heading>
      {filterErrors > 0 && (
        <p className="notice notice-error">
          The filter failed on {filterErrors} deliveries or ticks, which did not become events. The latest
          error: {lastFilterError}
        </p>
      )}
      {kind === 'WEBHOOK' ? <WebhookSetup trigger={trigger} /> : <ScheduleSetup trigger={trigger} />}
      {can('events:read') && <Deliveries trigger={trigger} />}
    </>
  );
}

function shared({ topic, eventType, where, call, createdAt }: TriggerDetailFragment) {
  return {
    Topic: <TopicLink topic={topic} />,
    'Event type': eventType ?? <span className="none">any</span>,
    Filter: where ? <code>{where}</code> : <span className="none">none</span>,
    Calls: call ? <code>{call}</code> : undefined,
    Created: <Time at={createdAt} />,
  };
}

function WebhookSetup({ trigger }: { trigger: TriggerDetailFragment }) {
  const { url, signature, dedupeHeader, challenge, allowedOrigins, keepCredentials } = trigger;
  const address = `${gatewayUrl}${url}`;
  return (
    <Panel title="Webhook">
      <h3>URL</h3>
      <Command text={address} />
      <p className="panel-hint after">
        Where senders reach the gateway by another address than this page does, that address takes the place
        of <code>{gatewayUrl}</code>.
      </p>
      <h3>At the sender</h3>
      <ol className="steps">
        {stepsOf(trigger).map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {signature === 'NONE' && (
        <Command text={`curl -i ${address} -H 'Content-Type: application/json' -d '{"hello": "world"}'`} />
      )}
      <Facts
        facts={{
          Signature: schemeNames[signature!],
          ...shared(trigger),
          'Repeated deliveries': dedupeHeader ? (
            <>
              by <code>{dedupeHeader}</code>
            </>
          ) : (
            'are new events'
          ),
          Handshake: challenge ?? <span className="none">none</span>,
          'Browsers from': allowedOrigins.length === 0 ? 'nowhere' : allowedOrigins.join(', '),
          Credentials: keepCredentials ? 'are stored with the headers' : 'are not stored',
        }}
      />
    </Panel>
  );
}

function ScheduleSetup({ trigger }: { trigger: TriggerDetailFragment }) {
  const { cron, timezone, lastTick, nextRun, enabled } = trigger;
  return (
    <Panel title="Schedule">
      <Facts
        facts={{
          Cron: <code>{cron}</code>,
          'Time zone': timezone,
          'Last tick': <Time at={lastTick} />,
          'Next tick': enabled ? <Time at={nextRun} /> : <span className="none">none while it is off</span>,
          ...shared(trigger),
        }}
      />
      <NextTicks cron={cron!} timezone={timezone!} />
    </Panel>
  );
}
