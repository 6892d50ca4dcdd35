// Sends an event: by a form that its topic's schema makes, or as JSON.
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { SendOneEventDocument, TopicDeclarationDocument } from '../../../../generated/console/graphql.ts';
import { JsonEditor } from '../../base/editor.tsx';
import { parseJson } from '../../base/editor/problems.ts';
import { ErrorNotice, Heading } from '../../base/notice.tsx';
import { type Mismatch, mismatchesOf, schemaProblems } from '../../base/json/schema-problem.ts';
import { useSession } from '../../shell/session.ts';
import { RecentPayloads } from './recent-payloads.tsx';
import { formOf } from './schema.ts';
import { SchemaForm } from './schema-form.tsx';
import { areValid, inputOf, noOptions, type Options, SendOptions } from './send-options.tsx';
import { SendResult, type SentEvent } from './send-result.tsx';
import { TopicField } from './topic-field.tsx';
import './send.css';

interface Parameters {
  readonly topic?: string;
  /** `json`: no form, though there could be one. */
  readonly as?: string;
}

function useDeclaration(topic: string) {
  const { client, can } = useSession();
  const { data } = useQuery({
    queryKey: ['declaration', topic],
    queryFn: async ({ signal }) => {
      const { topics } = await client.query(TopicDeclarationDocument, { name: topic }, { signal });
      return topics.find(({ name }) => name === topic) ?? null;
    },
    enabled: topic !== '' && can('events:read'),
  });
  return data;
}

/** The payload is kept as text: what is typed is never lost, and large numbers stay as they are. */
function useSending(topic: string) {
  const { client } = useSession();
  const [text, setText] = useState('{}');
  const [options, setOptions] = useState<Options>(noOptions);
  const [error, setError] = useState<unknown>(null);
  const [sent, setSent] = useState<SentEvent | null>(null);
  const [isSending, setSending] = useState(false);
  const send = async () => {
    const parsed = parseJson(text);
    if ('problems' in parsed) return;
    setSending(true);
    setError(null);
    setSent(null);
    try {
      const input = { topic, payload: parsed.value, ...inputOf(options) };
      setSent((await client.mutate(SendOneEventDocument, { input })).sendEvent);
    } catch (failure) {
      setError(failure);
    } finally {
      setSending(false);
    }
  };
  const change = (next: string) => {
    setText(next);
    setError(null);
  };
  return { text, change, options, setOptions, error, sent, isSending, send };
}

export function Send() {
  const { topic = '', as }: Parameters = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = (next: Parameters) =>
    void navigate({
      to: '.',
      search: (before: Parameters) => ({ ...before, ...next }),
      replace: true,
    } as never);
  const declaration = useDeclaration(topic);
  const form = formOf(declaration?.payloadSchema);
  const sending = useSending(topic);
  const { text, change, options, setOptions, error, sent, isSending, send } = sending;
  const parsed = parseJson(text);
  const isForm = form !== null && as !== 'json' && 'value' in parsed;
  const [isOptionsOpen, setOptionsOpen] = useState(false);
  useEffect(() => {
    if (options !== noOptions) setOptionsOpen(true);
  }, [options]);
  return (
    <div className="send-view">
      <Heading title="Send an event" />
      <div className="send-grid">
        <form
          className="card fields"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <TopicField topic={topic} declaration={declaration} onTopic={(next) => show({ topic: next })} />
          <div className="heading">
            <h2>Payload</h2>
            {form && (
              <button
                type="button"
                className="link"
                onClick={() => show({ as: as === 'json' ? '' : 'json' })}
              >
                {as === 'json' ? 'Edit in a form' : 'Edit as JSON'}
              </button>
            )}
          </div>
          <Payload
            form={isForm ? form : null}
            text={text}
            error={error}
            onChange={change}
            onSubmit={() => void send()}
          />
          <details open={isOptionsOpen} onToggle={({ currentTarget }) => setOptionsOpen(currentTarget.open)}>
            <summary>Options</summary>
            <SendOptions
              options={options}
              onChange={(next) => {
                setOptions(next);
                change(text);
              }}
              problems={schemaProblems(error, options.summary, 'summary') ?? []}
            />
          </details>
          <ErrorNotice error={error} />
          <div className="actions">
            <button
              className="primary"
              disabled={topic === '' || isSending || 'problems' in parsed || !areValid(options)}
            >
              {isSending ? 'Sending…' : 'Send'}
            </button>
          </div>
          {sent && <SendResult sent={sent} />}
        </form>
        <RecentPayloads topic={topic} onChoose={(payload) => change(JSON.stringify(payload, null, 2))} />
      </div>
    </div>
  );
}

interface PayloadProps {
  /** Null where the payload is edited as JSON. */
  readonly form: ReturnType<typeof formOf>;
  readonly text: string;
  readonly error: unknown;
  readonly onChange: (text: string) => void;
  readonly onSubmit: () => void;
}

function Payload({ form, text, error, onChange, onSubmit }: PayloadProps) {
  const parsed = parseJson(text);
  if (form && 'value' in parsed)
    return (
      <SchemaForm
        properties={form.properties}
        value={parsed.value}
        onChange={(value) => onChange(JSON.stringify(value, null, 2))}
        mismatches={mismatchesOf(error) ?? noMismatches}
        path={payloadPath}
      />
    );
  const problems = schemaProblems(error, text) ?? [];
  return (
    <JsonEditor label="Payload" value={text} onChange={onChange} problems={problems} onSubmit={onSubmit} />
  );
}

const noMismatches: readonly Mismatch[] = [];
const payloadPath: readonly string[] = ['payload'];
