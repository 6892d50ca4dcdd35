// A modal dialog, and one that asks before something happens.
import * as Radix from '@radix-ui/react-dialog';
import { type ReactNode, useState } from 'react';
import { ErrorNotice } from './notice.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  return (
    <Radix.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="dialog-overlay" />
        <Radix.Content className={wide ? 'dialog is-wide' : 'dialog'} aria-describedby={undefined}>
          <div className="heading">
            <Radix.Title>{title}</Radix.Title>
            <Radix.Close aria-label="Close">×</Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly action: string;
  readonly children: ReactNode;
  readonly isDangerous?: boolean;
  /** While what it would do is not known yet. */
  readonly isDisabled?: boolean;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Closes once the action succeeded; a failure stays in the dialog. */
export function Confirm(props: ConfirmProps) {
  const { title, action, children, isDangerous = false, isDisabled = false, onConfirm, onClose } = props;
  const [error, setError] = useState<unknown>(null);
  const [isRunning, setRunning] = useState(false);
  const run = async () => {
    setRunning(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure);
      setRunning(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div>{children}</div>
      <ErrorNotice error={error} />
      <div className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className={isDangerous ? 'danger' : 'primary'}
          disabled={isRunning || isDisabled}
          onClick={() => void run()}
        >
          {isRunning ? 'Working…' : action}
        </button>
      </div>
    </Dialog>
  );
}
