// What can be done with a trigger.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  DeleteTriggerDocument,
  SetTriggerSecretsDocument,
  type TriggerDetailFragment,
  UpdateTriggerDocument,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { FormDialog, itemsOf, TextField } from '../../base/form/form.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { rememberSecret } from './known-secrets.ts';
import { SendDeliveryDialog } from './send-delivery.tsx';
import { CommonFieldset, ScheduleFieldset } from './trigger-fields.tsx';
import { commonOf, updateInput } from './trigger-form.ts';

interface ActionProps {
  readonly trigger: TriggerDetailFragment;
  readonly onClose: () => void;
}

export function TriggerActions({ trigger }: { trigger: TriggerDetailFragment }) {
  const change = useChange();
  const [open, setOpen] = useState<'test' | 'edit' | 'secrets' | 'delete' | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { id, kind, enabled, signature } = trigger;
  const close = () => setOpen(null);
  const toggle = () => change(UpdateTriggerDocument, { input: { id, enabled: !enabled } }).catch(setError);
  return (
    <>
      <ErrorNotice error={error} />
      {kind === 'WEBHOOK' && enabled && (
        <button className="primary" onClick={() => setOpen('test')}>
          Send a test delivery…
        </button>
      )}
      <button onClick={() => void toggle()}>{enabled ? 'Switch off' : 'Switch on'}</button>
      <button onClick={() => setOpen('edit')}>Edit…</button>
      {kind === 'WEBHOOK' && signature !== 'NONE' && (
        <button onClick={() => setOpen('secrets')}>Secrets…</button>
      )}
      <button className="danger" onClick={() => setOpen('delete')}>
        Delete…
      </button>
      {open === 'test' && <SendDeliveryDialog trigger={trigger} onClose={close} />}
      {open === 'edit' && <EditDialog trigger={trigger} onClose={close} />}
      {open === 'secrets' && <SecretsDialog trigger={trigger} onClose={close} />}
      {open === 'delete' && <DeleteDialog trigger={trigger} onClose={close} />}
    </>
  );
}

function EditDialog({ trigger, onClose }: ActionProps) {
  const change = useChange();
  const { name, kind, cron, timezone } = trigger;
  const [common, setCommon] = useState(() => commonOf(trigger));
  const [schedule, setSchedule] = useState({ cron: cron ?? '', timezone: timezone ?? '' });
  const submit = () => change(UpdateTriggerDocument, { input: updateInput(trigger, common, schedule) });
  return (
    <FormDialog title={`Edit ${name}`} action="Save" isWide onSubmit={submit} onClose={onClose}>
      {kind === 'SCHEDULE' && <ScheduleFieldset fields={schedule} onChange={setSchedule} />}
      <CommonFieldset fields={common} onChange={setCommon} isWebhook={kind === 'WEBHOOK'} />
      <p className="field-hint">
        {kind === 'WEBHOOK'
          ? 'Its name, URL and signature stay. For another signature, create another webhook.'
          : 'Its name stays. The schedule continues with its next tick.'}
      </p>
    </FormDialog>
  );
}

function SecretsDialog({ trigger, onClose }: ActionProps) {
  const change = useChange();
  const [text, setText] = useState('');
  const { id, name } = trigger;
  const submit = async () => {
    const secrets = itemsOf(text);
    await change(SetTriggerSecretsDocument, { id, secrets });
    rememberSecret(id, secrets[0]!);
  };
  return (
    <FormDialog title={`Secrets of ${name}`} action="Replace" onSubmit={submit} onClose={onClose}>
      <p>
        A signature with any of them is valid. To change a secret without losing a delivery: set the new and
        the old one, change the sender, then set the new one alone.
      </p>
      <TextField
        label="All valid secrets, one per line"
        hint="They replace those before, and are never shown."
        isRequired
        isCode
        lines={3}
        value={text}
        onChange={setText}
      />
    </FormDialog>
  );
}

function DeleteDialog({ trigger, onClose }: ActionProps) {
  const change = useChange();
  const navigate = useNavigate();
  const { id, name, kind } = trigger;
  const remove = async () => {
    await change(DeleteTriggerDocument, { id });
    void navigate({ to: '/triggers', search: {} });
  };
  return (
    <Confirm title={`Delete ${name}?`} action="Delete" isDangerous onConfirm={remove} onClose={onClose}>
      <p>
        {kind === 'WEBHOOK'
          ? 'Its URL answers 404 from then on; another webhook gets another URL.'
          : 'It does not tick any more.'}{' '}
        Its events are kept.
      </p>
    </Confirm>
  );
}
