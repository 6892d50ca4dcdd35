// What an operator can do with a durable subscription.
import { useState } from 'react';
import {
  AcknowledgeDeliveryDocument,
  MoveSubscriptionDocument,
  type SubscriptionDetailFragment,
  UnsubscribeDocument,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { FormDialog, TextField } from '../../base/form/form.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { MoveDialog } from '../../base/form/move-dialog.tsx';

interface ActionProps {
  readonly subscription: SubscriptionDetailFragment;
  readonly onClose: () => void;
}

export function SubscriptionActions({ subscription }: { subscription: SubscriptionDetailFragment }) {
  const [open, setOpen] = useState<'acknowledge' | 'move' | 'end' | null>(null);
  const close = () => setOpen(null);
  const title = titleOf(subscription);
  return (
    <div className="actions">
      {subscription.ack === 'MANUAL' && (
        <button
          className="small"
          aria-label={`Acknowledge of ${title}`}
          onClick={() => setOpen('acknowledge')}
        >
          Acknowledge…
        </button>
      )}
      <button className="small" aria-label={`Move ${title}`} onClick={() => setOpen('move')}>
        Move…
      </button>
      <button className="small danger" aria-label={`Unsubscribe ${title}`} onClick={() => setOpen('end')}>
        Unsubscribe…
      </button>
      {open === 'acknowledge' && <AcknowledgeDialog subscription={subscription} onClose={close} />}
      {open === 'move' && <MoveSubscriptionDialog subscription={subscription} onClose={close} />}
      {open === 'end' && <UnsubscribeDialog subscription={subscription} onClose={close} />}
    </div>
  );
}

function titleOf({ name, id }: SubscriptionDetailFragment): string {
  return name ?? id;
}

function AcknowledgeDialog({ subscription, onClose }: ActionProps) {
  const change = useChange();
  const [position, setPosition] = useState('');
  const { id } = subscription;
  return (
    <FormDialog
      title={`Acknowledge an event of ${titleOf(subscription)}`}
      action="Acknowledge"
      onSubmit={() => change(AcknowledgeDeliveryDocument, { id, position: position.trim() })}
      onClose={onClose}
    >
      <p>
        A delivered event that its program can never process comes again and again. Acknowledged, it does not
        come again.
      </p>
      <TextField
        label="Position of the delivered event"
        hint="As nextEvent or subscriptionEvents gave it."
        isRequired
        isCode
        value={position}
        onChange={setPosition}
      />
    </FormDialog>
  );
}

function MoveSubscriptionDialog({ subscription, onClose }: ActionProps) {
  const change = useChange();
  const { id, position } = subscription;
  return (
    <MoveDialog
      title={`Move ${titleOf(subscription)}`}
      position={position}
      onMove={(after) => change(MoveSubscriptionDocument, { id, after })}
      onClose={onClose}
    >
      <p>
        <strong>Back:</strong> matching events after the position are delivered again.
      </p>
      <p>
        <strong>Forward:</strong> matching events up to the position are never delivered. In both directions,
        deliveries that were not acknowledged are dropped.
      </p>
    </MoveDialog>
  );
}

function UnsubscribeDialog({ subscription, onClose }: ActionProps) {
  const change = useChange();
  const { id } = subscription;
  return (
    <Confirm
      title={`Unsubscribe ${titleOf(subscription)}?`}
      action="Unsubscribe"
      isDangerous
      onConfirm={() => change(UnsubscribeDocument, { id })}
      onClose={onClose}
    >
      <p>
        Its position is forgotten, and programs that wait for its events fail with NO_SUCH_SUBSCRIPTION. What
        is pending is not delivered any more.
      </p>
    </Confirm>
  );
}
