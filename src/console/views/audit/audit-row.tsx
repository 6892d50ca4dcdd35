// One entry of the audit.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Time } from '../../base/time.tsx';
import {
  type AuditEvent,
  changesOf,
  type FieldChange,
  operationOf,
  operations,
  summaryOf,
} from './audit-entry.ts';

/** So many changed fields are shown before the others are asked for. */
const firstFields = 4;

export function AuditRow({ entry }: { entry: AuditEvent }) {
  const operation = operationOf(entry);
  const { target, address } = summaryOf(entry);
  return (
    <tr className="audit-row">
      <td className="nowrap">
        <Link to="/events/$id" params={{ id: entry.id }}>
          <Time at={entry.createdAt} />
        </Link>
      </td>
      <td>
        {entry.user ?? <span className="none">unknown key</span>}
        {address && <span className="sub">{address}</span>}
      </td>
      <td>
        <span className={operation === 'refused' ? 'badge is-bad' : undefined}>
          {operations[operation] ?? operation}
        </span>
      </td>
      <td>
        <Target operation={operation} target={target ?? nameIn(entry)} name={nameIn(entry)} />
      </td>
      <td>
        <Changes changes={changesOf(entry)} />
      </td>
    </tr>
  );
}

/** What was changed, by the name that it has or had. */
function nameIn({ payload }: AuditEvent): string | null {
  const { before, after } = payload as Record<
    string,
    { name?: string; targetTopic?: string } | null | undefined
  >;
  return after?.name ?? before?.name ?? after?.targetTopic ?? before?.targetTopic ?? null;
}

function Target({
  operation,
  target,
  name,
}: {
  operation: string;
  target: string | null;
  name: string | null;
}) {
  if (!target) return <span className="none">–</span>;
  const text = name ?? target;
  if (/^(create|update)Trigger$|^setTriggerSecrets$/.test(operation))
    return (
      <Link to="/triggers" search={{ id: target }}>
        {text}
      </Link>
    );
  if (/^(pause|resume|move)Consumer$|^setConsumerFlow$/.test(operation))
    return (
      <Link to="/consumers/$id" params={{ id: target }}>
        {text}
      </Link>
    );
  if (operation === 'declareTopic')
    return (
      <Link to="/topics/$name" params={{ name: target }}>
        {text}
      </Link>
    );
  return <span title={target}>{text}</span>;
}

function Changes({ changes }: { changes: readonly FieldChange[] }) {
  const [isOpen, setOpen] = useState(false);
  if (changes.length === 0) return <span className="none">–</span>;
  const shown = isOpen ? changes : changes.slice(0, firstFields);
  return (
    <>
      <dl className="changes">
        {shown.map(({ field, before, after }) => (
          <div key={field}>
            <dt>{field}</dt>
            <dd>
              {before !== undefined && <del>{before}</del>}
              {after !== undefined && <ins>{after}</ins>}
            </dd>
          </div>
        ))}
      </dl>
      {changes.length > firstFields && (
        <button className="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show less' : `And ${changes.length - firstFields} more`}
        </button>
      )}
    </>
  );
}
