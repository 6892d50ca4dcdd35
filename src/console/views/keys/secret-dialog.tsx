// Shows a secret, once.
import { Dialog } from '../../base/dialog.tsx';
import { Command } from '../../base/notice.tsx';
import { Time } from '../../base/time.tsx';

export interface ShownSecret {
  readonly kind: 'key' | 'token';
  readonly name: string;
  readonly secret: string;
  readonly expiresAt?: string;
}

export function SecretDialog({ shown, onClose }: { shown: ShownSecret; onClose: () => void }) {
  const { kind, name, secret, expiresAt } = shown;
  return (
    <Dialog title={kind === 'key' ? `The secret of ${name}` : `The token for ${name}`} onClose={onClose}>
      <p>
        Copy it now. <strong>It is not stored, and cannot be shown again.</strong>
      </p>
      <Command text={secret} />
      {expiresAt && (
        <p className="muted">
          It works until <Time at={expiresAt} />.
        </p>
      )}
      <div className="actions">
        <button className="primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}
