// Who consumes the events of a topic: consumers of jobs, handlers and durable subscriptions that the key may see.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import {
  TopicConsumersDocument,
  TopicHandlersDocument,
  TopicSubscriptionsDocument,
} from '../../../../generated/console/graphql.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { Panel } from '../../base/panel.tsx';
import { useSession } from '../../shell/session.ts';
import { matchesPattern } from './topic-pattern.ts';

export function TopicConsumers({ topic }: { topic: string }) {
  const { can } = useSession();
  const asked = {
    consumers: useGatewayQuery(TopicConsumersDocument, {}, { isWanted: can('consumers') }),
    handlers: useGatewayQuery(TopicHandlersDocument, {}, { isWanted: can('handlers') }),
    subscriptions: useGatewayQuery(TopicSubscriptionsDocument, {}, { isWanted: can('subscriptions') }),
  };
  const { data: consumers } = asked.consumers;
  const { data: handlers } = asked.handlers;
  const { data: subscriptions } = asked.subscriptions;
  const isReading = Object.values(asked).some(({ isLoading }) => isLoading);
  const takes = (patterns: readonly string[] | null | undefined) =>
    patterns?.some((pattern) => matchesPattern(pattern, topic)) ?? false;
  const items = [
    ...(consumers?.consumers.nodes ?? [])
      .filter(({ sourceTopics, targetTopic }) => (sourceTopics ? takes(sourceTopics) : targetTopic === topic))
      .map(({ id, name, targetTopic, where }) => (
        <Item key={id} kind="consumer" where={where}>
          <Link to="/consumers/$id" params={{ id }}>
            {name ?? targetTopic}
          </Link>
        </Item>
      )),
    ...(handlers?.handlers ?? [])
      .filter(({ source }) => source === topic)
      .map(({ fullName, where, enabled }) => (
        <Item key={fullName} kind={enabled ? 'handler' : 'handler, off'} where={where}>
          <Link to="/handlers" search={{ handler: fullName }}>
            {fullName}
          </Link>
        </Item>
      )),
    ...(subscriptions?.subscriptions.nodes ?? [])
      .filter(({ topics }) => takes(topics))
      .map(({ id, name, where }) => (
        <Item key={id} kind="subscription" where={where}>
          <Link to="/subscriptions">{name ?? id}</Link>
        </Item>
      )),
  ];
  const hidden = ['consumers', 'handlers', 'subscriptions'].filter((scope) => !can(scope));
  return (
    <Panel
      title="Consumers"
      hint={hidden.length > 0 ? `This key does not see ${hidden.join(', ')}.` : undefined}
    >
      {items.length === 0 ? (
        <p className="none">{isReading ? 'Reading…' : noneText(hidden.length)}</p>
      ) : (
        <ul className="plain-list">{items}</ul>
      )}
    </Panel>
  );
}

/** `hidden`: how many of the three kinds of consumers the key does not see. */
function noneText(hidden: number): string {
  if (hidden === 3) return '';
  return hidden === 0 ? 'Nobody consumes this topic.' : 'None that this key sees.';
}

function Item({ kind, where, children }: { kind: string; where?: string | null; children: ReactNode }) {
  return (
    <li>
      {children} <span className="badge">{kind}</span> {where && <code className="muted">{where}</code>}
    </li>
  );
}
