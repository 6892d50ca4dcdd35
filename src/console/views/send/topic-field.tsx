// The field for a topic, with the topics there are.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { TopicNamesDocument, type TopicDeclarationQuery } from '../../../../generated/console/graphql.ts';
import { useSession } from '../../shell/session.ts';

interface TopicFieldProps {
  readonly topic: string;
  /** Undefined while it is read; null for a topic that nobody has used. */
  readonly declaration: TopicDeclarationQuery['topics'][number] | null | undefined;
  readonly onTopic: (topic: string) => void;
}

/** How long nobody types before the topic counts, in milliseconds. */
const settleMs = 250;

export function TopicField({ topic, declaration, onTopic }: TopicFieldProps) {
  const { client, can } = useSession();
  const id = useId();
  const [draft, setDraft] = useState(topic);
  const latest = useRef(onTopic);
  latest.current = onTopic;
  useEffect(() => setDraft(topic), [topic]);
  useEffect(() => {
    if (draft === topic) return;
    const timer = setTimeout(() => latest.current(draft.trim()), settleMs);
    return () => clearTimeout(timer);
  }, [draft, topic]);
  const { data: names = [] } = useQuery({
    queryKey: ['topicNames'],
    queryFn: async () => (await client.query(TopicNamesDocument)).topics.map(({ name }) => name),
    enabled: can('events:read'),
  });
  return (
    <div className="field">
      <label htmlFor={id}>Topic</label>
      <input
        id={id}
        list={`${id}-topics`}
        required
        maxLength={200}
        placeholder="order.paid"
        autoComplete="off"
        spellCheck={false}
        value={draft}
        onChange={({ target }) => setDraft(target.value)}
        onBlur={() => draft.trim() !== topic && onTopic(draft.trim())}
      />
      <datalist id={`${id}-topics`}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {topic !== '' && <span className="hint">{aboutTopic(declaration)}</span>}
    </div>
  );
}

function aboutTopic(declaration: TopicFieldProps['declaration']): string {
  if (declaration === undefined) return '';
  if (declaration === null) return 'No event of this topic is stored yet.';
  const { declared, title, description } = declaration;
  if (!declared) return 'Not declared: it takes any payload.';
  return [title, description].filter(Boolean).join(' — ') || 'Declared.';
}
