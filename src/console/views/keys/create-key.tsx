// Creates a key, and an access token.
import { useState } from 'react';
import { CreateKeyDocument, CreateTokenDocument } from '../../../../generated/console/graphql.ts';
import { FormDialog, itemsOrNone, SelectField, TextField } from '../../base/form/form.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { useSession } from '../../shell/session.ts';
import { RowFields, type Rows, ScopeFields } from './scope-fields.tsx';
import type { ShownSecret } from './secret-dialog.tsx';

interface CreateProps {
  readonly onCreated: (secret: ShownSecret) => void;
  readonly onClose: () => void;
}

const allRows: Rows = { projects: '', topics: '' };

export function CreateKeyDialog({ onCreated, onClose }: CreateProps) {
  const change = useChange();
  const { viewer } = useSession();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(['events:read']));
  const [rows, setRows] = useState(allRows);
  const [expiresAt, setExpiresAt] = useState('');
  const [rateLimit, setRateLimit] = useState('');
  const create = async () => {
    const { createKey } = await change(CreateKeyDocument, {
      input: {
        name: name.trim(),
        scopes: [...scopes],
        ...rowsInput(rows),
        ...(expiresAt !== '' && { expiresAt: new Date(expiresAt).toISOString() }),
        ...(rateLimit !== '' && { rateLimit: Number(rateLimit) }),
      },
    });
    onCreated({ kind: 'key', name: createKey.key.name, secret: createKey.secret });
  };
  return (
    <FormDialog
      title="New key"
      action="Create"
      isWide
      isDisabled={scopes.size === 0}
      onSubmit={create}
      onClose={onClose}
    >
      <TextField
        label="Name"
        hint="Its changes are recorded under it, such as order-service."
        isRequired
        value={name}
        onChange={setName}
      />
      <ScopeFields scopes={scopes} onChange={setScopes} />
      <RowFields rows={rows} onChange={setRows} />
      <div className="field-row">
        <TextField
          label="Expires"
          hint={viewer.expiresAt ? 'Not later than your own key.' : 'In your time zone. Empty: never'}
          type="datetime-local"
          isRequired={viewer.expiresAt !== null}
          value={expiresAt}
          onChange={setExpiresAt}
        />
        <TextField
          label="Requests a minute"
          hint="At one gateway. Empty: the gateway’s default"
          type="number"
          value={rateLimit}
          onChange={setRateLimit}
        />
      </div>
    </FormDialog>
  );
}

const lifetimes = { 900: '15 minutes', 3600: 'An hour', 28800: '8 hours', 86400: 'A day' };

export function CreateTokenDialog({ onCreated, onClose }: CreateProps) {
  const change = useChange();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(['events:read']));
  const [rows, setRows] = useState(allRows);
  const [requestIds, setRequestIds] = useState('');
  const [lifetime, setLifetime] = useState('900');
  const create = async () => {
    const requests = itemsOrNone(requestIds);
    const { createAccessToken } = await change(CreateTokenDocument, {
      input: {
        name: name.trim(),
        scopes: [...scopes],
        ...rowsInput(rows),
        ...(requests && { requestIds: requests }),
        expiresInSeconds: Number(lifetime),
      },
    });
    const { token, expiresAt } = createAccessToken;
    onCreated({ kind: 'token', name: name.trim(), secret: token, expiresAt });
  };
  return (
    <FormDialog
      title="New access token"
      action="Create"
      isWide
      isDisabled={scopes.size === 0}
      onSubmit={create}
      onClose={onClose}
    >
      <p>For a browser or a child process. It ends by itself, and with the key that made it.</p>
      <div className="field-row">
        <TextField
          label="For whom"
          hint="Changes are recorded under it."
          isRequired
          value={name}
          onChange={setName}
        />
        <SelectField label="Works for" value={lifetime} options={lifetimes} onChange={setLifetime} />
      </div>
      <ScopeFields scopes={scopes} onChange={setScopes} />
      <RowFields rows={rows} onChange={setRows} />
      <TextField
        label="Only these requests"
        hint="Request ids, separated by commas. Empty: all"
        isCode
        value={requestIds}
        onChange={setRequestIds}
      />
    </FormDialog>
  );
}

function rowsInput({ projects, topics }: Rows) {
  const [ofProjects, ofTopics] = [itemsOrNone(projects), itemsOrNone(topics)];
  return { ...(ofProjects && { projects: ofProjects }), ...(ofTopics && { topics: ofTopics }) };
}
