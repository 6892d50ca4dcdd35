// The fields of an event beside its topic and payload.
import { JsonEditor } from '../../base/editor.tsx';
import { parseJson, type Problem } from '../../base/editor/problems.ts';
import type { SendEventInput } from '../../../../generated/console/graphql.ts';

/** As the fields have them; empty ones are not sent. */
export interface Options {
  readonly description: string;
  readonly project: string;
  readonly user: string;
  readonly sender: string;
  readonly eventType: string;
  readonly hash: string;
  readonly requestId: string;
  readonly dependsOn: string;
  readonly priority: string;
  /** As a field for local times has it. */
  readonly sendAt: string;
  readonly isWork: boolean;
  /** JSON; empty for none. */
  readonly summary: string;
}

export const noOptions: Options = {
  description: '',
  project: '',
  user: '',
  sender: '',
  eventType: '',
  hash: '',
  requestId: '',
  dependsOn: '',
  priority: '',
  sendAt: '',
  isWork: false,
  summary: '',
};

/** Whether the summary can be read. */
export function areValid({ summary }: Options): boolean {
  return summary.trim() === '' || 'value' in parseJson(summary);
}

export function inputOf({ isWork, sendAt, priority, summary, ...texts }: Options): Partial<SendEventInput> {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== '');
  return {
    ...Object.fromEntries(given.map(([name, text]) => [name, text.trim()])),
    ...(priority !== '' && { priority: Number(priority) }),
    ...(sendAt !== '' && { sendAt: new Date(sendAt).toISOString() }),
    ...(isWork && { finished: false }),
    ...(summary.trim() !== '' && { summary: JSON.parse(summary) as unknown }),
  };
}

const fields: readonly (readonly [keyof Omit<Options, 'isWork' | 'summary'>, string, string, string?])[] = [
  ['description', 'Description', 'for people'],
  ['project', 'Project', ''],
  ['user', 'User', 'on whose behalf'],
  ['sender', 'Sender', 'the service or program'],
  ['eventType', 'Type', 'events.NormalType if empty'],
  ['hash', 'Hash', 'deduplication key: sent once, however often'],
  ['requestId', 'Request', 'whose chain it belongs to; a new one if empty'],
  ['dependsOn', 'Parent', 'the id of the event that caused it'],
  ['priority', 'Priority', '−100 to 100, higher first', 'number'],
  ['sendAt', 'Send at', 'in your time zone; now if empty', 'datetime-local'],
];

interface SendOptionsProps {
  readonly options: Options;
  readonly onChange: (options: Options) => void;
  /** What the topic's schema refuses of the summary. */
  readonly problems: readonly Problem[];
}

export function SendOptions({ options, onChange, problems }: SendOptionsProps) {
  return (
    <div className="send-options">
      {fields.map(([name, title, help, type = 'text']) => (
        <label key={name} className="field">
          <span>
            {title} {help && <span className="hint">{help}</span>}
          </span>
          <input
            type={type}
            value={options[name]}
            {...(type === 'number' && { min: -100, max: 100 })}
            onChange={({ target }) => onChange({ ...options, [name]: target.value })}
          />
        </label>
      ))}
      <label className="send-work">
        <input
          type="checkbox"
          checked={options.isWork}
          onChange={() => onChange({ ...options, isWork: !options.isWork })}
        />{' '}
        Work to be done: it is pending until a worker finishes it
      </label>
      <div className="field send-summary">
        <span>
          Summary <span className="hint">the few values that lists show, as JSON</span>
        </span>
        <JsonEditor
          label="Summary"
          value={options.summary}
          onChange={(summary) => onChange({ ...options, summary })}
          problems={problems}
        />
      </div>
    </div>
  );
}
