// Edits the declaration of a topic, and shows which stored events would not fit before it is saved.
import { useState } from 'react';
import {
  DeclareTopicDocument,
  type TopicDetailFragment,
  TopicSamplesDocument,
} from '../../../../generated/console/graphql.ts';
import { JsonEditor } from '../../base/editor.tsx';
import { parseJson } from '../../base/editor/problems.ts';
import { TextField } from '../../base/form/form.tsx';
import { useChange, useGatewayQuery } from '../../base/gateway-query.ts';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel } from '../../base/panel.tsx';
import { useSession } from '../../shell/session.ts';
import { inferSchema } from './infer-schema.ts';
import { StoredEventsCheck } from './stored-events-check.tsx';

interface DeclarationEditorProps {
  readonly name: string;
  readonly declared: TopicDetailFragment | null;
  readonly onClose: () => void;
}

interface Draft {
  readonly title: string;
  readonly description: string;
  readonly payloadSchema: string;
  readonly summarySchema: string;
}

export function DeclarationEditor({ name, declared, onClose }: DeclarationEditorProps) {
  const change = useChange();
  const [draft, setDraft] = useState<Draft>(() => draftOf(declared));
  const [error, setError] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const set = (field: keyof Draft) => (value: string) =>
    setDraft((before) => ({ ...before, [field]: value }));
  const payloadSchema = schemaOf(draft.payloadSchema);
  const summarySchema = schemaOf(draft.summarySchema);
  const isJson = payloadSchema !== undefined && summarySchema !== undefined;
  const save = async () => {
    setSaving(true);
    setError(null);
    const { title, description } = draft;
    const input = { name, title: title.trim() || null, description: description.trim() || null };
    try {
      await change(DeclareTopicDocument, { input: { ...input, payloadSchema, summarySchema } });
      onClose();
    } catch (failure) {
      setError(failure);
      setSaving(false);
    }
  };
  return (
    <Panel
      title={declared ? 'Declaration' : 'New declaration'}
      hint="It replaces the one before. Events that do not fit are refused from then on; stored events stay as they are."
      actions={<InferButton name={name} onInferred={set('payloadSchema')} />}
    >
      <div className="fields">
        <TextField label="Title" value={draft.title} onChange={set('title')} />
        <TextField label="Description" lines={3} value={draft.description} onChange={set('description')} />
        <div className="editors">
          <div className="field">
            <span className="field-label">JSON Schema of payloads</span>
            <JsonEditor
              label="JSON Schema of payloads"
              value={draft.payloadSchema}
              onChange={set('payloadSchema')}
              placeholder='{"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}'
            />
          </div>
          <div className="field">
            <span className="field-label">JSON Schema of summaries</span>
            <JsonEditor
              label="JSON Schema of summaries"
              value={draft.summarySchema}
              onChange={set('summarySchema')}
              placeholder="Empty: any summary is valid"
            />
          </div>
        </div>
        {isJson && (
          <StoredEventsCheck topic={name} payloadSchema={payloadSchema} summarySchema={summarySchema} />
        )}
        <ErrorNotice error={error} />
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="primary"
            disabled={!isJson || isSaving}
            onClick={() => void save()}
          >
            {isSaving ? 'Saving…' : 'Save the declaration'}
          </button>
        </div>
      </div>
    </Panel>
  );
}

function InferButton({ name, onInferred }: { name: string; onInferred: (schema: string) => void }) {
  const { can } = useSession();
  const variables = { topic: name, first: 50 };
  const { data } = useGatewayQuery(TopicSamplesDocument, variables, { isWanted: can('events:read') });
  const payloads = data?.events.nodes.map(({ payload }) => payload as unknown) ?? [];
  if (payloads.length === 0) return null;
  return (
    <button className="small" onClick={() => onInferred(JSON.stringify(inferSchema(payloads), null, 2))}>
      Fill in what the latest {payloads.length} payloads have in common
    </button>
  );
}

function draftOf(declared: TopicDetailFragment | null): Draft {
  const text = (schema: unknown) => (schema == null ? '' : JSON.stringify(schema, null, 2));
  return {
    title: declared?.title ?? '',
    description: declared?.description ?? '',
    payloadSchema: text(declared?.payloadSchema),
    summarySchema: text(declared?.summarySchema),
  };
}

/** Null for an empty text, undefined for one that is not JSON. */
function schemaOf(text: string): unknown {
  if (text.trim() === '') return null;
  const parsed = parseJson(text);
  return 'value' in parsed ? parsed.value : undefined;
}
