// The limits of a consumer: what they are, and a form that replaces them.
import { useState } from 'react';
import {
  type ConsumerDetailFragment,
  type FlowInput,
  SetConsumerFlowDocument,
} from '../../../../generated/console/graphql.ts';
import { FormDialog, TextField } from '../../base/form/form.tsx';
import { useChange } from '../../base/gateway-query.ts';
import { titleOf } from './consumer-title.ts';

type Flow = ConsumerDetailFragment['flow'];

/** Null where nothing is limited. */
export function flowText({ maxConcurrent, maxConcurrentPerKey, key, rateLimit }: Flow): string | null {
  const parts = [
    maxConcurrent != null && `${maxConcurrent} at once`,
    maxConcurrentPerKey != null && `${maxConcurrentPerKey} at once per ${key}`,
    rateLimit && `${rateLimit.count} in ${rateLimit.perSeconds} s`,
  ].filter(Boolean);
  return parts.length === 0 ? null : parts.join(', ');
}

interface Fields {
  readonly maxConcurrent: string;
  readonly key: string;
  readonly perKey: string;
  readonly count: string;
  readonly perSeconds: string;
}

export function FlowDialog({ consumer, onClose }: { consumer: ConsumerDetailFragment; onClose: () => void }) {
  const change = useChange();
  const [fields, setFields] = useState<Fields>(() => fieldsOf(consumer.flow));
  const set = (name: keyof Fields) => (value: string) => setFields({ ...fields, [name]: value });
  const submit = () => change(SetConsumerFlowDocument, { id: consumer.id, flow: inputOf(fields) });
  return (
    <FormDialog
      title={`Limits of ${titleOf(consumer)}`}
      action="Set limits"
      onSubmit={submit}
      onClose={onClose}
    >
      <p>
        They hold over all gateways and restarts. An empty field limits nothing. Workers whose calls carry
        limits of their own set them again.
      </p>
      <TextField
        label="Jobs held at once"
        type="number"
        value={fields.maxConcurrent}
        onChange={set('maxConcurrent')}
      />
      <div className="field-row">
        <TextField
          label="Key"
          hint="A CEL expression over the source"
          placeholder="data.customerId"
          isCode
          value={fields.key}
          onChange={set('key')}
        />
        <TextField
          label="Jobs held at once per key"
          type="number"
          value={fields.perKey}
          onChange={set('perKey')}
        />
      </div>
      <div className="field-row">
        <TextField label="Claims" type="number" value={fields.count} onChange={set('count')} />
        <TextField
          label="In how many seconds"
          type="number"
          value={fields.perSeconds}
          onChange={set('perSeconds')}
        />
      </div>
    </FormDialog>
  );
}

function fieldsOf({ maxConcurrent, maxConcurrentPerKey, key, rateLimit }: Flow): Fields {
  const text = (value: unknown) => (value == null ? '' : String(value));
  return {
    maxConcurrent: text(maxConcurrent),
    key: text(key),
    perKey: text(maxConcurrentPerKey),
    count: text(rateLimit?.count),
    perSeconds: text(rateLimit?.perSeconds),
  };
}

function inputOf({ maxConcurrent, key, perKey, count, perSeconds }: Fields): FlowInput {
  const isRated = count !== '' || perSeconds !== '';
  return {
    ...(maxConcurrent !== '' && { maxConcurrent: Number(maxConcurrent) }),
    ...(key.trim() !== '' && { key: key.trim() }),
    ...(perKey !== '' && { maxConcurrentPerKey: Number(perKey) }),
    ...(isRated && { rateLimit: { count: Number(count), perSeconds: Number(perSeconds || 1) } }),
  };
}
