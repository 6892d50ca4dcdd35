// The latest deliveries or ticks of a trigger, live, and one of them in full.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  SendTickAgainDocument,
  type TriggerDeliveryQuery,
  TriggerDeliveriesDocument,
  TriggerDeliveryDocument,
  type TriggerDetailFragment,
} from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { Confirm } from '../../base/dialog.tsx';
import { useChange, useGatewayQuery } from '../../base/gateway-query.ts';
import { JsonTree } from '../../base/json-tree.tsx';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel, Table } from '../../base/panel.tsx';
import { Status } from '../../base/status.tsx';
import { Time } from '../../base/time.tsx';
import { useWatch } from '../../live/live-state.tsx';
import { useSession } from '../../shell/session.ts';
import { schemeNames } from './schemes.ts';
import { type DeliveryPayload, SendDeliveryDialog } from './send-delivery.tsx';

interface TriggerProps {
  readonly trigger: TriggerDetailFragment;
}

export function Deliveries({ trigger }: TriggerProps) {
  const { name, kind } = trigger;
  const queries = useQueryClient();
  const [{ delivery: chosen }, change] = useAddress();
  const { data, error, isLoading } = useGatewayQuery(TriggerDeliveriesDocument, { name, after: null });
  useWatch(
    { filter: { senders: [name] } },
    () => void queries.invalidateQueries({ queryKey: [TriggerDeliveriesDocument.toString()] }),
  );
  const events = data?.events.nodes ?? [];
  const isWebhook = kind === 'WEBHOOK';
  return (
    <Panel
      title={isWebhook ? 'Last deliveries' : 'Last ticks'}
      hint={
        isWebhook
          ? 'Those that became events. Deliveries with a wrong signature are answered with 401, and not stored.'
          : undefined
      }
    >
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading…</p>}
      {data && events.length === 0 && (
        <p className="none">{isWebhook ? 'Nothing was delivered yet.' : 'It has not ticked yet.'}</p>
      )}
      {events.length > 0 && (
        <Table
          label={isWebhook ? 'Deliveries' : 'Ticks'}
          columns={['At', isWebhook ? 'Method' : 'Type', 'Topic', 'Event', 'Status', '']}
        >
          {events.map(({ id, topic, eventType, status, createdAt }) => (
            <tr key={id}>
              <td className="nowrap">
                <Time at={createdAt} />
              </td>
              <td>{isWebhook ? eventType.toUpperCase() : eventType}</td>
              <td>
                <code>{topic}</code>
              </td>
              <td>
                <EventLink id={id} />
              </td>
              <td>
                <Status status={status} />
              </td>
              <td>
                <button
                  className="small"
                  aria-expanded={chosen === id}
                  onClick={() => change({ delivery: chosen === id ? undefined : id })}
                >
                  {chosen === id ? 'Hide' : 'Show'}
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {chosen && <DeliveryInFull key={chosen} id={chosen} trigger={trigger} />}
    </Panel>
  );
}

function DeliveryInFull({ id, trigger }: TriggerProps & { id: string }) {
  const { can } = useSession();
  const { data, error, isLoading } = useGatewayQuery(TriggerDeliveryDocument, { id });
  const [isSending, setSending] = useState(false);
  const event = data?.event;
  if (isLoading) return <p className="loading">Loading…</p>;
  if (!event) return error ? <ErrorNotice error={error} /> : <p className="none">This event was deleted.</p>;
  const isWebhook = trigger.kind === 'WEBHOOK';
  const canSend = isWebhook ? trigger.enabled : can('events:send');
  return (
    <section className="delivery" aria-label="Delivery">
      {canSend && (
        <div>
          <button onClick={() => setSending(true)}>Send again…</button>
        </div>
      )}
      {isWebhook ? (
        <WebhookDelivery payload={event.payload as DeliveryPayload} trigger={trigger} id={id} />
      ) : (
        <JsonTree label="Payload" value={event.payload} root="data" />
      )}
      {isSending && isWebhook && (
        <SendDeliveryDialog
          trigger={trigger}
          earlier={event.payload as DeliveryPayload}
          onClose={() => setSending(false)}
        />
      )}
      {isSending && !isWebhook && (
        <SendTickDialog trigger={trigger} event={event} onClose={() => setSending(false)} />
      )}
    </section>
  );
}

function WebhookDelivery({ payload, trigger, id }: TriggerProps & { payload: DeliveryPayload; id: string }) {
  const { method, raw_url: url, headers, body } = payload;
  const isSigned = trigger.signature !== 'NONE';
  return (
    <>
      <p>
        <code>
          {method} {url}
        </code>
      </p>
      <p>
        {isSigned
          ? `The signature was verified (${schemeNames[trigger.signature!]}).`
          : 'Deliveries of this webhook are not signed.'}{' '}
        The answer was 202 with <code>Throughline-Event-Id: {id}</code>.
      </p>
      <div>
        <h3>Headers</h3>
        <table className="headers rows">
          <tbody>
            {Object.entries(headers).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{value}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div>
        <h3>Body</h3>
        {body.json !== null ? (
          <JsonTree label="Body" value={body.json} root="data.body.json" />
        ) : (
          <pre>{body.text ?? body.bytes ?? ''}</pre>
        )}
      </div>
    </>
  );
}

interface SendTickProps extends TriggerProps {
  readonly event: NonNullable<TriggerDeliveryQuery['event']>;
  readonly onClose: () => void;
}

function SendTickDialog({ trigger, event, onClose }: SendTickProps) {
  const change = useChange();
  const { topic, eventType, payload, project } = event;
  const input = { topic, eventType, payload, project, sender: trigger.name, senderType: 'trigger' };
  return (
    <Confirm
      title="Send this tick again?"
      action="Send"
      onConfirm={() => change(SendTickAgainDocument, { input })}
      onClose={onClose}
    >
      <p>
        A new event of <code>{topic}</code> with the same payload is sent by your key. Consumers and handlers
        of the topic take it like any other
        {trigger.call ? `; ${trigger.call} is called by real ticks only` : ''}.
      </p>
    </Confirm>
  );
}
