// Retention: the rules by which old events are purged, and purging now.
import { useState } from 'react';
import {
  type RetentionRuleInput,
  RetentionRulesDocument,
  type RuleDetailFragment,
  SetRetentionDocument,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { numberText } from '../../base/count.tsx';
import { useChange, useGatewayQuery } from '../../base/gateway-query.ts';
import { Topics } from '../../base/links.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { Status } from '../../base/status.tsx';
import { Time } from '../../base/time.tsx';
import { useSession } from '../../shell/session.ts';
import { PurgeDialog } from './purge-dialog.tsx';
import { RuleDialog } from './rule-dialog.tsx';

/** A dialog that is open; the number is the index of its rule. */
type Open = 'add' | 'purge' | { readonly edit: number } | { readonly remove: number } | null;

export function Retention() {
  const { can } = useSession();
  const change = useChange();
  const [open, setOpen] = useState<Open>(null);
  const { data, error, isLoading } = useGatewayQuery(RetentionRulesDocument, {}, { everyMs: 15_000 });
  const rules = data?.retention ?? [];
  const close = () => setOpen(null);
  const set = (inputs: readonly RetentionRuleInput[]) => change(SetRetentionDocument, { rules: inputs });
  const others = (index: number) => rules.filter((_rule, at) => at !== index).map(inputOf);
  const edited = typeof open === 'object' && open !== null && 'edit' in open ? open.edit : null;
  const removed = typeof open === 'object' && open !== null && 'remove' in open ? open.remove : null;
  return (
    <>
      <Heading title="Retention">
        {can('admin') && (
          <>
            {rules.length > 0 && <button onClick={() => setOpen('purge')}>Purge now…</button>}
            <button className="primary" onClick={() => setOpen('add')}>
              Add a rule…
            </button>
          </>
        )}
      </Heading>
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading rules…</p>}
      {data && rules.length === 0 && <NoRules />}
      {rules.length > 0 && (
        <>
          <p className="hint">
            The rules run every hour. An event stays while an event that stays depends on it; scheduled events
            and unfinished jobs are never purged.
          </p>
          <RuleTable
            rules={rules}
            onEdit={(edit) => setOpen({ edit })}
            onRemove={(remove) => setOpen({ remove })}
          />
        </>
      )}
      {open === 'purge' && <PurgeDialog onClose={close} />}
      {open === 'add' && <RuleDialog onSave={(rule) => set([...rules.map(inputOf), rule])} onClose={close} />}
      {edited !== null && (
        <RuleDialog
          rule={rules[edited]!}
          onSave={(rule) => set(rules.map((one, at) => (at === edited ? rule : inputOf(one))))}
          onClose={close}
        />
      )}
      {removed !== null && (
        <Confirm
          title="Remove this rule?"
          action="Remove"
          isDangerous
          onConfirm={() => set(others(removed))}
          onClose={close}
        >
          <p>
            Events of <code>{rules[removed]!.topics.join(', ')}</code> are kept from then on, unless another
            rule selects them.
          </p>
        </Confirm>
      )}
    </>
  );
}

function inputOf({ topics, projects, statuses, keepDays }: RuleDetailFragment): RetentionRuleInput {
  return { topics, projects, statuses, keepDays };
}

interface RuleTableProps {
  readonly rules: readonly RuleDetailFragment[];
  readonly onEdit: (index: number) => void;
  readonly onRemove: (index: number) => void;
}

const columns = ['Topics', 'Projects', 'Statuses', '#Kept for days', 'Last run', '#Purged', ''];

function RuleTable({ rules, onEdit, onRemove }: RuleTableProps) {
  const { can } = useSession();
  return (
    <Table label="Rules" columns={columns}>
      {rules.map(({ id, topics, projects, statuses, keepDays, lastRunAt, purged }, index) => (
        <tr key={id}>
          <td>
            <Topics topics={topics} />
          </td>
          <td>{projects ? projects.join(', ') : <span className="none">all</span>}</td>
          <td>
            <span className="badges">
              {(statuses ?? (['FINISHED', 'FAILED', 'ABORTED'] as const)).map((status) => (
                <Status key={status} status={status} />
              ))}
            </span>
          </td>
          <td className="number">{keepDays}</td>
          <td className="nowrap">
            {lastRunAt ? <Time at={lastRunAt} /> : <span className="none">not yet</span>}
          </td>
          <td className="number">{numberText(purged)}</td>
          <td>
            {can('admin') && (
              <div className="actions">
                <button
                  className="small"
                  aria-label={`Edit the rule of ${topics.join(', ')}`}
                  onClick={() => onEdit(index)}
                >
                  Edit…
                </button>
                <button
                  className="small danger"
                  aria-label={`Remove the rule of ${topics.join(', ')}`}
                  onClick={() => onRemove(index)}
                >
                  Remove…
                </button>
              </div>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function NoRules() {
  return (
    <EmptyState title="Everything is kept">
      <p>
        No rule purges events. A rule names topics and for how many days their finished events are kept; older
        ones are purged in the background, every hour.
      </p>
    </EmptyState>
  );
}
