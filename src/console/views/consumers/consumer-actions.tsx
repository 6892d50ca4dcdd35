// What an operator can do with a consumer.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  type ConsumerDetailFragment,
  DeleteConsumerDocument,
  MoveConsumerDocument,
  PauseConsumerDocument,
  ResumeConsumerDocument,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { MoveDialog } from '../../base/form/move-dialog.tsx';
import { titleOf } from './consumer-title.ts';
import { FlowDialog } from './flow-dialog.tsx';

type Open = 'pause' | 'move' | 'flow' | 'delete' | null;

export function ConsumerActions({ consumer }: { consumer: ConsumerDetailFragment }) {
  const [open, setOpen] = useState<Open>(null);
  const change = useChange();
  const { id, paused, sourceTopics } = consumer;
  const close = () => setOpen(null);
  return (
    <>
      {paused ? (
        <button className="primary" onClick={() => void change(ResumeConsumerDocument, { id })}>
          Resume
        </button>
      ) : (
        <button onClick={() => setOpen('pause')}>Pause…</button>
      )}
      {sourceTopics && <button onClick={() => setOpen('move')}>Move…</button>}
      <button onClick={() => setOpen('flow')}>Limits…</button>
      <button className="danger" onClick={() => setOpen('delete')}>
        Delete…
      </button>
      {open === 'pause' && <PauseDialog consumer={consumer} onClose={close} />}
      {open === 'move' && <MoveConsumerDialog consumer={consumer} onClose={close} />}
      {open === 'flow' && <FlowDialog consumer={consumer} onClose={close} />}
      {open === 'delete' && <DeleteDialog consumer={consumer} onClose={close} />}
    </>
  );
}

interface ActionProps {
  readonly consumer: ConsumerDetailFragment;
  readonly onClose: () => void;
}

function PauseDialog({ consumer, onClose }: ActionProps) {
  const change = useChange();
  const { id } = consumer;
  return (
    <Confirm
      title={`Pause ${titleOf(consumer)}?`}
      action="Pause"
      onConfirm={() => change(PauseConsumerDocument, { id })}
      onClose={onClose}
    >
      <p>
        Workers get no more jobs of it until it is resumed, at every gateway within a second. Leases run on,
        and jobs that are held can be finished. What comes meanwhile waits.
      </p>
    </Confirm>
  );
}

function MoveConsumerDialog({ consumer, onClose }: ActionProps) {
  const change = useChange();
  const { id, position } = consumer;
  return (
    <MoveDialog
      title={`Move ${titleOf(consumer)}`}
      position={position}
      onMove={(after) => change(MoveConsumerDocument, { id, after })}
      onClose={onClose}
    >
      <p>
        <strong>Back:</strong> sources after the position are looked at again. Those that have a job keep it,
        and get no second one.
      </p>
      <p>
        <strong>Forward:</strong> sources up to the position that have no job yet get none. Jobs that exist
        stay as they are.
      </p>
    </MoveDialog>
  );
}

function DeleteDialog({ consumer, onClose }: ActionProps) {
  const change = useChange();
  const navigate = useNavigate();
  const { id } = consumer;
  const remove = async () => {
    await change(DeleteConsumerDocument, { id });
    void navigate({ to: '/consumers' });
  };
  return (
    <Confirm
      title={`Delete ${titleOf(consumer)}?`}
      action="Delete"
      isDangerous
      onConfirm={remove}
      onClose={onClose}
    >
      <p>
        Its position, limits and pause are forgotten; its jobs stay. A worker that enrolls for it afterwards
        creates it anew, at the position that its call names, or at the beginning of the log.
      </p>
    </Confirm>
  );
}
