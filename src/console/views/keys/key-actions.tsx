// Rotates and revokes a key.
import { useState } from 'react';
import {
  type KeyDetailFragment,
  RevokeKeyDocument,
  RotateKeyDocument,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { FormDialog, SelectField } from '../../base/form/form.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { useSession } from '../../shell/session.ts';
import type { ShownSecret } from './secret-dialog.tsx';

interface KeyActionsProps {
  readonly apiKey: KeyDetailFragment;
  readonly onSecret: (secret: ShownSecret) => void;
}

/** Only who may do all that the key may can rotate or revoke it. */
export function KeyActions({ apiKey, onSecret }: KeyActionsProps) {
  const { can } = useSession();
  const [open, setOpen] = useState<'rotate' | 'revoke' | null>(null);
  const change = useChange();
  const { id, name, scopes } = apiKey;
  const close = () => setOpen(null);
  if (!scopes.every(can)) return null;
  return (
    <div className="actions">
      <button className="small" aria-label={`Rotate ${name}`} onClick={() => setOpen('rotate')}>
        Rotate…
      </button>
      <button className="small danger" aria-label={`Revoke ${name}`} onClick={() => setOpen('revoke')}>
        Revoke…
      </button>
      {open === 'rotate' && <RotateDialog apiKey={apiKey} onSecret={onSecret} onClose={close} />}
      {open === 'revoke' && (
        <Confirm
          title={`Revoke ${name}?`}
          action="Revoke"
          isDangerous
          onConfirm={() => change(RevokeKeyDocument, { id })}
          onClose={close}
        >
          <p>
            It stops working for good, at every gateway within a second. Its WebSockets and streams are
            closed, and the tokens that it made end with it.
          </p>
        </Confirm>
      )}
    </div>
  );
}

const graces = {
  0: 'Stops working at once',
  300: 'Works for 5 minutes more',
  3600: 'Works for an hour more',
  86400: 'Works for a day more',
  604800: 'Works for a week more',
  2592000: 'Works for 30 days more',
};

function RotateDialog({
  apiKey: { id, name },
  onSecret,
  onClose,
}: KeyActionsProps & { onClose: () => void }) {
  const change = useChange();
  const [grace, setGrace] = useState('3600');
  const rotate = async () => {
    const { rotateKey } = await change(RotateKeyDocument, { id, graceSeconds: Number(grace) });
    onSecret({ kind: 'key', name: rotateKey.key.name, secret: rotateKey.secret });
  };
  return (
    <FormDialog title={`Give ${name} a new secret`} action="Rotate" onSubmit={rotate} onClose={onClose}>
      <p>The new secret is shown once. A secret from before an earlier rotation stops working now.</p>
      <SelectField label="The present secret" value={grace} options={graces} onChange={setGrace} />
    </FormDialog>
  );
}
