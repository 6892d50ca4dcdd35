// Adds or changes a rule of retention, and says how many events are older now.
import { useDeferredValue, useMemo, useState } from 'react';
import {
  type EventFilter,
  type EventStatus,
  OlderEventsDocument,
  type RetentionRuleInput,
  type RuleDetailFragment,
} from '../../../../generated/console/graphql.ts';
import { numberText } from '../../base/count.tsx';
import { CheckField, FormDialog, itemsOf, itemsOrNone, TextField } from '../../base/form/form.tsx';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { Status, statuses } from '../../base/status.tsx';
import { useSession } from '../../shell/session.ts';

interface RuleDialogProps {
  readonly rule?: RuleDetailFragment;
  readonly onSave: (rule: RetentionRuleInput) => Promise<unknown>;
  readonly onClose: () => void;
}

const usual: readonly EventStatus[] = ['FINISHED', 'FAILED', 'ABORTED'];

export function RuleDialog({ rule, onSave, onClose }: RuleDialogProps) {
  const [topics, setTopics] = useState(rule?.topics.join(', ') ?? '');
  const [projects, setProjects] = useState(rule?.projects?.join(', ') ?? '');
  const [keepDays, setKeepDays] = useState(String(rule?.keepDays ?? 90));
  const [chosen, setChosen] = useState<ReadonlySet<EventStatus>>(new Set(rule?.statuses ?? usual));
  const input: RetentionRuleInput = {
    topics: itemsOf(topics),
    projects: itemsOrNone(projects) ?? null,
    statuses: isUsual(chosen) ? null : statuses.filter((status) => chosen.has(status)),
    keepDays: Number(keepDays),
  };
  const toggle = (status: EventStatus, isChecked: boolean) => {
    const next = new Set(chosen);
    if (isChecked) next.add(status);
    else next.delete(status);
    setChosen(next);
  };
  return (
    <FormDialog
      title={rule ? 'Change the rule' : 'New rule'}
      action={rule ? 'Save' : 'Add'}
      isDisabled={chosen.size === 0}
      onSubmit={() => onSave(input)}
      onClose={onClose}
    >
      <TextField
        label="Topics"
        hint="Patterns, separated by commas. * stands for any number of characters."
        placeholder="order.*, mail.sent"
        isRequired
        isCode
        value={topics}
        onChange={setTopics}
      />
      <TextField
        label="Only these projects"
        hint="Separated by commas. Empty: all, and events without a project"
        isCode
        value={projects}
        onChange={setProjects}
      />
      <TextField
        label="Keep for how many days after the last change"
        type="number"
        isRequired
        value={keepDays}
        onChange={setKeepDays}
      />
      <fieldset className="choices">
        <legend>Statuses that are purged</legend>
        <div className="badges">
          {statuses.map((status) => (
            <CheckField
              key={status}
              label={<Status status={status} />}
              isChecked={chosen.has(status)}
              onChange={(isChecked) => toggle(status, isChecked)}
            />
          ))}
        </div>
      </fieldset>
      <OlderEvents rule={input} chosen={[...chosen]} />
    </FormDialog>
  );
}

function isUsual(chosen: ReadonlySet<EventStatus>): boolean {
  return chosen.size === usual.length && usual.every((status) => chosen.has(status));
}

/** An upper bound: events on which others depend stay. */
function OlderEvents({ rule, chosen }: { rule: RetentionRuleInput; chosen: readonly EventStatus[] }) {
  const { can } = useSession();
  const { topics, projects, keepDays } = rule;
  const key = useDeferredValue(JSON.stringify({ topics, projects: projects ?? undefined, keepDays, chosen }));
  const isWanted = can('events:read') && topics.length > 0 && chosen.length > 0 && Number.isFinite(keepDays);
  const filter = useMemo(() => filterOf(key), [key]);
  const { data, error } = useGatewayQuery(OlderEventsDocument, { filter }, { isWanted });
  if (!isWanted) return null;
  if (error) return <p className="muted">How many events are older is not known: {error.message}</p>;
  if (!data) return <p className="muted">Counting what is older…</p>;
  const { totalCount, totalIsExact } = data.events;
  return (
    <p role="status" className="notice">
      {numberText(totalCount)}
      {totalIsExact ? '' : '+'} {totalCount === 1 && totalIsExact ? 'event is' : 'events are'} older now. They
      are purged, except those on which an event depends that stays.
    </p>
  );
}

interface Terms {
  readonly topics: readonly string[];
  readonly projects?: readonly string[];
  readonly keepDays: number;
  readonly chosen: readonly EventStatus[];
}

const dayMs = 86_400_000;

function filterOf(key: string): EventFilter {
  const { topics, projects, keepDays, chosen } = JSON.parse(key) as Terms;
  const before = new Date(Math.max(0, Date.now() - keepDays * dayMs)).toISOString();
  const older = { key: 'updatedAt', comparison: 'LT', value: before } as const;
  return { topics, ...(projects && { projects }), statuses: chosen, conditions: { conditions: [older] } };
}
