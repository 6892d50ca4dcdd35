// API keys: what each may do, and creating, rotating and revoking them.
import { useState } from 'react';
import { type KeyDetailFragment, KeyListDocument } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { CheckField } from '../../base/form/form.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';
import { CreateKeyDialog, CreateTokenDialog } from './create-key.tsx';
import { KeyActions } from './key-actions.tsx';
import { SecretDialog, type ShownSecret } from './secret-dialog.tsx';
import { presetOf } from './scopes.ts';
import './keys.css';

export function Keys() {
  const [{ revoked, after }, change] = useAddress();
  const [creating, setCreating] = useState<'key' | 'token' | null>(null);
  const [secret, setSecret] = useState<ShownSecret | null>(null);
  const variables = { revoked: revoked !== undefined, after: after ?? null };
  const { data, error, isLoading } = useGatewayQuery(KeyListDocument, variables);
  const keys = data?.keys.nodes ?? [];
  const { hasNextPage, endCursor } = data?.keys.pageInfo ?? {};
  const close = () => setCreating(null);
  return (
    <>
      <Heading title="Keys">
        <CheckField
          label="Revoked ones"
          isChecked={revoked !== undefined}
          onChange={(isChecked) => change({ revoked: isChecked ? 'only' : undefined, after: undefined })}
        />
        <button onClick={() => setCreating('token')}>New token…</button>
        <button className="primary" onClick={() => setCreating('key')}>
          New key…
        </button>
      </Heading>
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading keys…</p>}
      {data && keys.length === 0 && <NoKeys isOfRevoked={revoked !== undefined} />}
      {keys.length > 0 && <KeyTable keys={keys} onSecret={setSecret} />}
      {(after || hasNextPage) && (
        <div className="pager">
          {after && <button onClick={() => change({ after: undefined })}>First page</button>}
          {hasNextPage && <button onClick={() => change({ after: endCursor! })}>Next page</button>}
        </div>
      )}
      {creating === 'key' && <CreateKeyDialog onCreated={setSecret} onClose={close} />}
      {creating === 'token' && <CreateTokenDialog onCreated={setSecret} onClose={close} />}
      {secret && <SecretDialog shown={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

interface KeyTableProps {
  readonly keys: readonly KeyDetailFragment[];
  readonly onSecret: (secret: ShownSecret) => void;
}

const columns = ['Key', 'May', 'Restricted to', 'Last used', 'Expires', 'Created', ''];

function KeyTable({ keys, onSecret }: KeyTableProps) {
  return (
    <Table label="Keys" columns={columns}>
      {keys.map((key) => (
        <tr key={key.id}>
          <td>
            {key.name}
            <code className="sub">{key.prefix}…</code>
          </td>
          <td>
            <Scopes scopes={key.scopes} />
          </td>
          <td>
            <Restrictions of={key} />
          </td>
          <td className="nowrap">
            {key.lastUsedAt ? <Time at={key.lastUsedAt} /> : <span className="none">never</span>}
          </td>
          <td className="nowrap">
            <Expiry of={key} />
          </td>
          <td className="nowrap">
            <Time at={key.createdAt} />
            <span className="sub">by {key.createdBy}</span>
          </td>
          <td>{!key.revokedAt && <KeyActions apiKey={key} onSecret={onSecret} />}</td>
        </tr>
      ))}
    </Table>
  );
}

function Scopes({ scopes }: { scopes: readonly string[] }) {
  const preset = presetOf(new Set(scopes));
  if (preset !== 'custom' && scopes.length > 1)
    return (
      <span className="badge" title={scopes.join(', ')}>
        {preset}
      </span>
    );
  return (
    <span className="badges">
      {scopes.map((scope) => (
        <code key={scope} className={scope === 'admin' ? 'badge is-warn' : 'badge'}>
          {scope}
        </code>
      ))}
    </span>
  );
}

function Restrictions({ of: { projects, topics, rateLimit } }: { of: KeyDetailFragment }) {
  if (!projects && !topics && rateLimit === null) return <span className="none">nothing</span>;
  return (
    <>
      {projects && <span className="line">projects {projects.join(', ')}</span>}
      {topics && (
        <span className="line">
          topics <code>{topics.join(', ')}</code>
        </span>
      )}
      {rateLimit !== null && <span className="line">{rateLimit} requests a minute</span>}
    </>
  );
}

function Expiry({ of: { expiresAt, revokedAt } }: { of: KeyDetailFragment }) {
  if (revokedAt)
    return (
      <>
        <span className="badge is-bad">revoked</span>
        <span className="sub">
          <Time at={revokedAt} />
        </span>
      </>
    );
  if (!expiresAt) return <span className="none">never</span>;
  const isOver = Date.parse(expiresAt) < Date.now();
  return (
    <>
      <Time at={expiresAt} /> {isOver && <span className="badge is-warn">expired</span>}
    </>
  );
}

function NoKeys({ isOfRevoked }: { isOfRevoked: boolean }) {
  if (isOfRevoked) return <p className="none">No key was revoked.</p>;
  return (
    <EmptyState title="There are no keys yet">
      <p>
        You are signed in with the key of the settings, or with one that is not listed to you. Create a key
        for each service, with no more than it needs.
      </p>
    </EmptyState>
  );
}
