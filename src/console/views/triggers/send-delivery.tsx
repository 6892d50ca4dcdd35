// Sends a delivery to a webhook's own URL, signed as the sender would: a test, or an earlier one again.
import { type FormEvent, useState } from 'react';
import type { TriggerDetailFragment } from '../../../../generated/console/graphql.ts';
import { Dialog } from '../../base/dialog.tsx';
import { SelectField, TextField } from '../../base/form/form.tsx';
import { EventLink } from '../../base/links.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { gatewayUrl } from '../../shell/session.ts';
import { knownSecret, rememberSecret } from './known-secrets.ts';
import { bytesOf, canSign, fromBase64, headersFor } from './signing.ts';

/** The payload of a webhook's event. */
export interface DeliveryPayload {
  readonly method: string;
  readonly raw_url: string;
  readonly url: { readonly path_suffix: string };
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly text: string | null; readonly bytes: string | null; readonly json: unknown };
}

interface SendDeliveryProps {
  readonly trigger: TriggerDetailFragment;
  /** The delivery to send again; a test otherwise. */
  readonly earlier?: DeliveryPayload;
  readonly onClose: () => void;
}

interface Draft {
  readonly method: string;
  /** Behind the URL of the webhook. */
  readonly suffix: string;
  readonly headers: string;
  readonly body: string;
  readonly secret: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly eventId: string | null;
}

const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'];

export function SendDeliveryDialog({ trigger, earlier, onClose }: SendDeliveryProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(trigger, earlier));
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    setError(null);
    setAnswer(null);
    try {
      const answered = await deliver(trigger, draft, earlier);
      setAnswer(answered);
      if (answered.status !== 401) rememberSecret(trigger.id, draft.secret);
    } catch (failure) {
      setError(failure);
    }
    setSending(false);
  };
  return (
    <Dialog title={earlier ? 'Send this delivery again' : 'Send a test delivery'} onClose={onClose} wide>
      <form className="fields" onSubmit={(event) => void send(event)}>
        <DraftFields trigger={trigger} draft={draft} onChange={setDraft} isBinary={isBinary(earlier)} />
        <ErrorNotice error={error} />
        {answer && <AnswerNotice answer={answer} />}
        <div className="actions">
          <button type="button" onClick={onClose}>
            Close
          </button>
          <button className="primary" disabled={isSending || (trigger.signature !== 'NONE' && !canSign)}>
            {isSending ? 'Sending…' : 'Send'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface DraftFieldsProps {
  readonly trigger: TriggerDetailFragment;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly isBinary: boolean;
}

function DraftFields({ trigger, draft, onChange, isBinary }: DraftFieldsProps) {
  const set = (name: keyof Draft) => (value: string) => onChange({ ...draft, [name]: value });
  const options = Object.fromEntries(
    [...new Set([draft.method, ...methods])].map((method) => [method, method]),
  );
  return (
    <>
      <div className="field-row">
        <SelectField label="Method" value={draft.method} options={options} onChange={set('method')} />
        <TextField
          label="Path and query behind the URL"
          placeholder="/orders?page=2"
          isCode
          value={draft.suffix}
          onChange={set('suffix')}
        />
      </div>
      <TextField
        label="Headers, one per line"
        isCode
        lines={4}
        value={draft.headers}
        onChange={set('headers')}
      />
      {isBinary ? (
        <p className="notice">The body is not text; it is sent as it came.</p>
      ) : (
        draft.method !== 'GET' && (
          <TextField label="Body" isCode lines={8} value={draft.body} onChange={set('body')} />
        )
      )}
      {trigger.signature !== 'NONE' &&
        (canSign ? (
          <TextField
            label="Secret to sign with"
            hint="The gateway never shows it. Without the right one, the answer is 401."
            type="password"
            isRequired
            value={draft.secret}
            onChange={set('secret')}
          />
        ) : (
          <p className="notice notice-error">
            This browser signs on pages of https or localhost only. Open the console there.
          </p>
        ))}
    </>
  );
}

function AnswerNotice({ answer: { status, text, eventId } }: { answer: Answer }) {
  return (
    <div role="status" className={status === 202 || status === 200 ? 'answer is-ok' : 'answer is-bad'}>
      <p>
        <strong>{status}</strong>{' '}
        {eventId ? (
          <>
            It became the event <EventLink id={eventId}>{eventId}</EventLink>.
          </>
        ) : status === 202 ? (
          'It was accepted, and became no event: the event type or the filter does not select it, or its expression failed.'
        ) : status === 200 ? (
          'It was a handshake.'
        ) : (
          'It was refused.'
        )}
      </p>
      {text && <pre>{text}</pre>}
    </div>
  );
}

function isBinary(earlier: DeliveryPayload | undefined): boolean {
  return earlier !== undefined && earlier.body.text === null && earlier.body.bytes !== null;
}

/** Browsers set these themselves, or the signature does. */
const notRepeated =
  /^(host|connection|content-length|transfer-encoding|accept-encoding|cookie|origin|referer|user-agent|te|expect|sec-.*|proxy-.*|.*signature.*|webhook-(id|timestamp)|svix-.*)$/i;

function draftOf(trigger: TriggerDetailFragment, earlier: DeliveryPayload | undefined): Draft {
  const secret = knownSecret(trigger.id);
  if (!earlier) {
    const body = JSON.stringify({ action: 'test', sentFrom: 'the console' }, null, 2);
    return { method: 'POST', suffix: '', headers: 'Content-Type: application/json', body, secret };
  }
  const own = [trigger.dedupeHeader, trigger.hmac?.timestampHeader];
  const kept = Object.entries(earlier.headers).filter(
    ([name]) => !notRepeated.test(name) && !own.includes(name.toLowerCase()),
  );
  return {
    method: earlier.method,
    suffix: earlier.raw_url.slice((trigger.url ?? '').length),
    headers: kept.map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: earlier.body.text ?? '',
    secret,
  };
}

async function deliver(
  trigger: TriggerDetailFragment,
  { method, suffix, headers: lines, body: text, secret }: Draft,
  earlier: DeliveryPayload | undefined,
): Promise<Answer> {
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = isBinary(earlier) ? fromBase64(earlier!.body.bytes!) : bytesOf(hasBody ? text : '');
  const headers = new Headers();
  for (const line of lines.split('\n').filter((one) => one.includes(':'))) {
    const at = line.indexOf(':');
    headers.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  for (const [name, value] of Object.entries(await headersFor(trigger, secret, body)))
    headers.set(name, value);
  const response = await fetch(`${gatewayUrl}${trigger.url}${suffix.trim()}`, {
    method,
    headers,
    credentials: 'omit',
    cache: 'no-store',
    ...(hasBody && { body }),
  });
  return {
    status: response.status,
    text: await response.text(),
    eventId: response.headers.get('throughline-event-id'),
  };
}
