// What can be done with one event, as far as the key may and its status allows.
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import {
  AbortEventsDocument,
  DeleteOneEventDocument,
  type EventStatus,
  UpdateOneEventDocument,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { useSession } from '../../shell/session.ts';
import { CopyAsDialog } from './copy-as.tsx';
import type { OneEvent } from './one-event.ts';
import { SendAgainDialog } from './send-again.tsx';

type Open = 'restart' | 'abort' | 'delete' | 'send' | 'copy' | null;

const ended: ReadonlySet<EventStatus> = new Set(['FINISHED', 'FAILED', 'ABORTED']);

export function EventActions({ event, isDeleted }: { event: OneEvent; isDeleted: boolean }) {
  const { can } = useSession();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const isEnded = ended.has(event.status);
  const canUpdate = can('events:update') && !isDeleted;
  const isAbortable = useIsAbortable(event, canUpdate);
  return (
    <>
      <Link className="button" to="/chains/$requestId" params={{ requestId: event.requestId }}>
        Chain
      </Link>
      <button type="button" onClick={() => setOpen('copy')}>
        Copy as…
      </button>
      {can('events:send') && (
        <button type="button" onClick={() => setOpen('send')}>
          Send again…
        </button>
      )}
      {canUpdate && isEnded && (
        <button type="button" onClick={() => setOpen('restart')}>
          Restart…
        </button>
      )}
      {canUpdate && isAbortable && (
        <button type="button" className="danger" onClick={() => setOpen('abort')}>
          Abort…
        </button>
      )}
      {can('events:delete') && !isDeleted && (
        <button type="button" className="danger" onClick={() => setOpen('delete')}>
          Delete…
        </button>
      )}
      {open === 'copy' && <CopyAsDialog event={event} onClose={close} />}
      {open === 'send' && <SendAgainDialog event={event} onClose={close} />}
      {open === 'restart' && <RestartDialog event={event} onClose={close} />}
      {open === 'abort' && <AbortDialog event={event} onClose={close} />}
      {open === 'delete' && <DeleteDialog event={event} onClose={close} />}
    </>
  );
}

/** A failed event can be aborted if it is a job that waits for a retry, which only the gateway knows. */
function useIsAbortable({ id, status, position }: OneEvent, canUpdate: boolean): boolean {
  const { client } = useSession();
  const { data } = useQuery({
    queryKey: ['isAbortable', id, position],
    queryFn: ({ signal }) =>
      client.mutate(AbortEventsDocument, { filter: { ids: [id] }, dryRun: true }, { signal }),
    enabled: canUpdate && status === 'FAILED',
  });
  return status === 'FAILED' ? (data?.result.count ?? 0) > 0 : !ended.has(status);
}

interface ActionProps {
  readonly event: OneEvent;
  readonly onClose: () => void;
}

function useUpdate(event: OneEvent) {
  const { client } = useSession();
  return useMutation({
    mutationFn: (change: { status: EventStatus; description?: string }) =>
      client.mutate(UpdateOneEventDocument, { input: { id: event.id, ...change } }),
  });
}

/** The reason stands in the history. */
function Reason({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  return (
    <label className="field">
      Why (kept in the history)
      <input value={value} maxLength={500} onChange={({ target }) => onChange(target.value)} />
    </label>
  );
}

function RestartDialog({ event, onClose }: ActionProps) {
  const update = useUpdate(event);
  const [reason, setReason] = useState('');
  const restart = () =>
    update.mutateAsync({ status: 'RESTARTED', ...(reason !== '' && { description: reason }) });
  return (
    <Confirm title="Restart this event" action="Restart" onConfirm={restart} onClose={onClose}>
      <p>It becomes restarted, and whoever works on its topic can take it again.</p>
      <Reason value={reason} onChange={setReason} />
    </Confirm>
  );
}

function AbortDialog({ event, onClose }: ActionProps) {
  const update = useUpdate(event);
  const [reason, setReason] = useState('');
  const abort = () =>
    update.mutateAsync({ status: 'ABORTED', ...(reason !== '' && { description: reason }) });
  return (
    <Confirm title="Abort this event" action="Abort" isDangerous onConfirm={abort} onClose={onClose}>
      <p>
        {event.lease
          ? `The worker ${event.lease.worker} loses its lease: what it reports later is refused.`
          : 'Nobody will work on it, unless it is restarted.'}
      </p>
      <Reason value={reason} onChange={setReason} />
    </Confirm>
  );
}

function DeleteDialog({ event, onClose }: ActionProps) {
  const { client } = useSession();
  const remove = useMutation({
    mutationFn: () => client.mutate(DeleteOneEventDocument, { id: event.id }),
  });
  return (
    <Confirm
      title="Delete this event"
      action="Delete"
      isDangerous
      onConfirm={() => remove.mutateAsync()}
      onClose={onClose}
    >
      <p>It cannot be brought back. An event that caused others is kept.</p>
    </Confirm>
  );
}
