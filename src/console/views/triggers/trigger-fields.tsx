// The fields of triggers: what webhooks and schedules share, a schedule's, and a webhook's.
import { CelEditor } from '../../base/editor.tsx';
import { CheckField, RadioFields, SelectField, TextField } from '../../base/form/form.tsx';
import type { SignatureScheme, WebhookChallenge } from '../../../../generated/console/graphql.ts';
import { NextTicks } from './next-ticks.tsx';
import { schemeChoices } from './schemes.ts';
import { newSecret } from './signing.ts';
import {
  type CommonFields,
  hmacPresets,
  type ScheduleFields,
  usualDedupeHeader,
  type WebhookFields,
} from './trigger-form.ts';

interface FieldsProps<Fields> {
  readonly fields: Fields;
  readonly onChange: (fields: Fields) => void;
}

export function CommonFieldset({
  fields,
  onChange,
  isWebhook,
}: FieldsProps<CommonFields> & { isWebhook: boolean }) {
  const set = (name: keyof CommonFields) => (value: string) => onChange({ ...fields, [name]: value });
  return (
    <>
      <div className="field-row">
        <TextField
          label="Topic of its events"
          hint="Default: its name"
          isCode
          value={fields.topic}
          onChange={set('topic')}
        />
        {isWebhook && (
          <TextField
            label="Only this method"
            hint="As the event type, such as post. Default: all"
            isCode
            value={fields.eventType}
            onChange={set('eventType')}
          />
        )}
        <TextField
          label="Handler to call"
          hint="Its full name. Default: none"
          isCode
          value={fields.call}
          onChange={set('call')}
        />
      </div>
      <div className="field">
        <span className="field-label">Filter</span>
        <CelEditor
          label="Filter"
          value={fields.where}
          onChange={set('where')}
          placeholder={
            isWebhook ? 'has(data.body.json.action) && data.body.json.action == "opened"' : 'data.missed == 0'
          }
        />
        <span className="field-hint">
          A CEL expression over the event that would be sent. What does not match becomes no event.
        </span>
      </div>
    </>
  );
}

const zones: readonly string[] = Intl.supportedValuesOf('timeZone');

export function ScheduleFieldset({ fields, onChange }: FieldsProps<ScheduleFields>) {
  return (
    <>
      <div className="field-row">
        <TextField
          label="Cron expression"
          hint="minute hour day month weekday, with seconds before them where wanted"
          isRequired
          isCode
          value={fields.cron}
          onChange={(cron) => onChange({ ...fields, cron })}
        />
        <TextField
          label="Time zone"
          isRequired
          suggestions={zones}
          value={fields.timezone}
          onChange={(timezone) => onChange({ ...fields, timezone })}
        />
      </div>
      <NextTicks {...fields} />
    </>
  );
}

export function WebhookFieldset({ fields, onChange }: FieldsProps<WebhookFields>) {
  const change = (changed: Partial<WebhookFields>) => onChange({ ...fields, ...changed });
  const { signature, challenge } = fields;
  const choose = (chosen: string) => {
    const scheme = chosen as SignatureScheme;
    change({ signature: scheme, dedupeHeader: usualDedupeHeader[scheme] ?? '', challenge: '' });
  };
  return (
    <>
      <RadioFields
        label="Signature of its deliveries"
        value={signature}
        options={schemeChoices}
        onChange={choose}
      />
      {signature !== 'NONE' && (
        <div className="field-with-button">
          <TextField
            label="Secret"
            hint="The sender’s, or a new one to give to it. It is not shown again."
            isRequired
            isCode
            value={fields.secret}
            onChange={(secret) => change({ secret })}
          />
          <button type="button" onClick={() => change({ secret: newSecret(signature === 'STANDARD') })}>
            Make one
          </button>
        </div>
      )}
      {signature === 'HMAC' && <HmacFieldset fields={fields} onChange={onChange} />}
      <div className="field-row">
        <TextField
          label="Header of repeated deliveries"
          hint="With the same value, a delivery is not a new event"
          isCode
          value={fields.dedupeHeader}
          onChange={(dedupeHeader) => change({ dedupeHeader })}
        />
        <SelectField
          label="Handshake"
          hint="Answered by the gateway, without an event"
          value={challenge}
          options={{ '': 'None', SLACK: 'Slack', META: 'Meta' }}
          onChange={(chosen) => change({ challenge: chosen as WebhookChallenge | '' })}
        />
        <TextField
          label="Browsers from these origins"
          hint="* is any; empty is none"
          isCode
          value={fields.allowedOrigins}
          onChange={(allowedOrigins) => change({ allowedOrigins })}
        />
      </div>
      {challenge === 'META' && (
        <TextField
          label="Verify token"
          isRequired
          isCode
          value={fields.verifyToken}
          onChange={(verifyToken) => change({ verifyToken })}
        />
      )}
      <CheckField
        label="Store credentials"
        hint="Authorization, Cookie and the like, with the other headers."
        isChecked={fields.keepCredentials}
        onChange={(keepCredentials) => change({ keepCredentials })}
      />
    </>
  );
}

function HmacFieldset({ fields, onChange }: FieldsProps<WebhookFields>) {
  const set = (name: keyof WebhookFields) => (value: string) => onChange({ ...fields, [name]: value });
  return (
    <fieldset className="choices">
      <legend>HMAC</legend>
      <div className="badges">
        {Object.entries(hmacPresets).map(([service, preset]) => (
          <button
            key={service}
            type="button"
            className="small"
            onClick={() => onChange({ ...fields, ...preset })}
          >
            As {service} does
          </button>
        ))}
      </div>
      <div className="field-row">
        <TextField label="Header" isRequired isCode value={fields.header} onChange={set('header')} />
        <TextField label="Text before the signature" isCode value={fields.prefix} onChange={set('prefix')} />
        <SelectField
          label="Hash function"
          value={fields.algorithm}
          options={{ SHA256: 'SHA-256', SHA512: 'SHA-512', SHA1: 'SHA-1' }}
          onChange={set('algorithm')}
        />
        <SelectField
          label="Encoding"
          value={fields.encoding}
          options={{ HEX: 'Hexadecimal', BASE64: 'Base64' }}
          onChange={set('encoding')}
        />
      </div>
      <div className="field-row">
        <TextField
          label="Header with the time"
          hint="Default: the time is not signed"
          isCode
          value={fields.timestampHeader}
          onChange={set('timestampHeader')}
        />
        <TextField
          label="Signed text"
          hint="With {body}, and {timestamp} if there is one"
          isCode
          value={fields.signedContent}
          onChange={set('signedContent')}
        />
      </div>
    </fieldset>
  );
}
