// Creates a webhook or a schedule.
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { CreateTriggerDocument } from '../../../../generated/console/graphql.ts';
import { FormDialog, TextField } from '../../base/form/form.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { rememberSecret } from './known-secrets.ts';
import { CommonFieldset, ScheduleFieldset, WebhookFieldset } from './trigger-fields.tsx';
import {
  commonInput,
  newCommon,
  newSchedule,
  newWebhook,
  usualDedupeHeader,
  webhookInput,
} from './trigger-form.ts';
import './triggers.css';

interface CreateTriggerProps {
  readonly kind: 'WEBHOOK' | 'SCHEDULE';
  readonly onClose: () => void;
}

export function CreateTriggerDialog({ kind, onClose }: CreateTriggerProps) {
  const isWebhook = kind === 'WEBHOOK';
  const change = useChange();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [common, setCommon] = useState(newCommon);
  const [schedule, setSchedule] = useState(newSchedule);
  const [webhook, setWebhook] = useState({ ...newWebhook, dedupeHeader: usualDedupeHeader.GITHUB! });
  const create = async () => {
    const { createTrigger } = await change(CreateTriggerDocument, {
      input: {
        name: name.trim(),
        ...commonInput(common),
        ...(isWebhook ? { webhook: webhookInput(webhook) } : { schedule }),
      },
    });
    if (isWebhook) rememberSecret(createTrigger.id, webhook.secret.trim());
    void navigate({ to: '/triggers', search: { id: createTrigger.id } });
  };
  return (
    <FormDialog
      title={isWebhook ? 'New webhook' : 'New schedule'}
      action="Create"
      isWide
      onSubmit={create}
      onClose={onClose}
    >
      <TextField
        label="Name"
        hint="Unique; the sender of its events. Letters, digits, _ and -, with dots between parts."
        isRequired
        isCode
        value={name}
        onChange={setName}
      />
      {isWebhook ? (
        <WebhookFieldset fields={webhook} onChange={setWebhook} />
      ) : (
        <ScheduleFieldset fields={schedule} onChange={setSchedule} />
      )}
      <CommonFieldset fields={common} onChange={setCommon} isWebhook={isWebhook} />
    </FormDialog>
  );
}
