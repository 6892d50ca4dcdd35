// The catalogue of topics: declared ones, and those of stored events.
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  TopicCountsDocument,
  TopicListDocument,
  type TopicListQuery,
} from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { Count } from '../../base/count.tsx';
import { FormDialog, TextField } from '../../base/form/form.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { curlCommand, KeyedCommand } from '../../base/keyed-command.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import './topics.css';

/** Where the gateway stops counting. */
const countCap = 25_000;

/** As many as the gateway lists. */
const listed = 1_000;

export function Topics() {
  const { can } = useSession();
  const [{ prefix = '' }, change] = useAddress();
  const [isDeclaring, setDeclaring] = useState(false);
  const { data, error, isLoading } = useGatewayQuery(TopicListDocument, { prefix }, { everyMs: 10_000 });
  const topics = data?.topics ?? [];
  return (
    <>
      <Heading title="Topics">
        {can('topics') && (
          <button className="primary" onClick={() => setDeclaring(true)}>
            Declare a topic…
          </button>
        )}
      </Heading>
      <div className="toolbar">
        <TextField
          label="Topics that begin with"
          isCode
          placeholder="order."
          value={prefix}
          onChange={(text) => change({ prefix: text || undefined })}
        />
      </div>
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading topics…</p>}
      {data &&
        topics.length === 0 &&
        (prefix ? <p className="none">No topic begins with this.</p> : <NoTopics />)}
      {topics.length > 0 && <TopicTable topics={topics} prefix={prefix} />}
      {topics.length >= listed && (
        <p className="notice">The first {listed} topics. Enter how the topic begins to find others.</p>
      )}
      {isDeclaring && <NameDialog onClose={() => setDeclaring(false)} />}
    </>
  );
}

/** Counts come later: they take the gateway more time than names. */
function TopicTable({ topics, prefix }: { topics: TopicListQuery['topics']; prefix: string }) {
  const { data } = useGatewayQuery(TopicCountsDocument, { prefix }, { everyMs: 30_000 });
  const counts = new Map(data?.topics.map(({ name, count }) => [name, count]));
  return (
    <Table label="Topics" columns={['Topic', 'Title', 'Schema', '#Stored events', 'Last event']}>
      {topics.map(({ name, title, declared, lastEventAt }) => (
        <tr key={name}>
          <td>
            <Link to="/topics/$name" params={{ name }}>
              <code>{name}</code>
            </Link>
          </td>
          <td>{title ?? <span className="none">–</span>}</td>
          <td>
            {declared ? (
              <span className="badge is-ok">declared</span>
            ) : (
              <span className="badge">not declared</span>
            )}
          </td>
          <td className="number">
            {counts.has(name) ? (
              <Count value={counts.get(name)!} isExact={counts.get(name)! < countCap} />
            ) : (
              '…'
            )}
          </td>
          <td className="nowrap">
            <Time at={lastEventAt} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function NameDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const open = async () =>
    navigate({ to: '/topics/$name', params: { name: name.trim() }, search: { edit: 'declaration' } });
  return (
    <FormDialog title="Declare a topic" action="Continue" onSubmit={open} onClose={onClose}>
      <p>A declaration gives a topic a title, and schemas that its events must fit from then on.</p>
      <TextField label="Topic" placeholder="order.paid" isRequired isCode value={name} onChange={setName} />
    </FormDialog>
  );
}

const send = 'mutation { sendEvent(input: {topic: "order.paid", payload: {total: 39.8}}) { event { id } } }';

function NoTopics() {
  return (
    <EmptyState title="There are no topics yet">
      <p>A topic exists once an event of it is sent, or once it is declared. Send the first event:</p>
      <KeyedCommand scopes={['events:send']} command={(key) => curlCommand(key, send)} />
    </EmptyState>
  );
}
