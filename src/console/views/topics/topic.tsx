// One topic: its schema, its rate, who sends and who consumes, and samples.
import { Link } from '@tanstack/react-router';
import { TopicByNameDocument, type TopicDetailFragment } from '../../../../generated/console/graphql.ts';
import { useAddress, usePathPart } from '../../base/address.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { JsonTree } from '../../base/json-tree.tsx';
import { ErrorNotice, Heading } from '../../base/notice.tsx';
import { Panel } from '../../base/panel.tsx';
import { useSession } from '../../shell/session.ts';
import { DeclarationEditor } from './declaration-editor.tsx';
import { InferredSchema } from './inferred-schema.tsx';
import { TopicConsumers } from './topic-consumers.tsx';
import { TopicProducers } from './topic-producers.tsx';
import { TopicRate } from './topic-rate.tsx';
import { TopicSamples } from './topic-samples.tsx';
import './topics.css';

export function TopicView() {
  const name = usePathPart('name');
  const [{ edit }, change] = useAddress();
  const { can } = useSession();
  const { data, error, isLoading } = useGatewayQuery(TopicByNameDocument, { name });
  const topic = data?.topics.find((one) => one.name === name);
  // Topics of the gateway itself cannot be declared.
  const canDeclare = can('topics') && !name.startsWith('throughline.');
  const isEditing = edit !== undefined && canDeclare;
  return (
    <>
      <p className="breadcrumb">
        <Link to="/topics">Topics</Link>
      </p>
      <Heading
        title={
          <>
            <code>{name}</code>{' '}
            {topic && (
              <span className={topic.declared ? 'badge is-ok' : 'badge'}>
                {topic.declared ? 'declared' : 'not declared'}
              </span>
            )}
          </>
        }
      >
        <Link className="button" to="/events" search={{ q: `topic:${name}` }}>
          Events
        </Link>
        {canDeclare && !isEditing && data && (
          <button onClick={() => change({ edit: 'declaration' })}>
            {topic?.declared ? 'Edit the declaration' : 'Declare it'}
          </button>
        )}
      </Heading>
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading the topic…</p>}
      {data && !topic && !isEditing && (
        <p className="notice">No event of this topic is stored, and it is not declared.</p>
      )}
      {topic?.title && <p className="topic-title">{topic.title}</p>}
      {topic?.description && <p className="topic-description">{topic.description}</p>}
      {data && isEditing && (
        <DeclarationEditor
          name={name}
          declared={topic?.declared ? topic : null}
          onClose={() => change({ edit: undefined })}
        />
      )}
      {topic && (
        <>
          <TopicRate topic={name} />
          {!isEditing && <Schemas topic={topic} />}
          <div className="grid">
            <TopicProducers topic={name} />
            <TopicConsumers topic={name} />
          </div>
          <TopicSamples topic={name} />
        </>
      )}
    </>
  );
}

function Schemas({ topic }: { topic: TopicDetailFragment }) {
  const { name, declared, payloadSchema, summarySchema } = topic;
  if (!declared || (payloadSchema === null && summarySchema === null)) return <InferredSchema topic={name} />;
  return (
    <Panel title="Declared schemas" hint="Events that do not fit are refused.">
      {payloadSchema !== null && (
        <JsonTree label="Schema of payloads" value={payloadSchema} root="payloadSchema" />
      )}
      {summarySchema !== null && (
        <JsonTree label="Schema of summaries" value={summarySchema} root="summarySchema" />
      )}
    </Panel>
  );
}
