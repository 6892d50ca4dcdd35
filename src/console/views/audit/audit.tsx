// The audit: who changed what, live, with what was before and after.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useAddress } from '../../base/address.ts';
import { SelectField, TextField } from '../../base/form/form.tsx';
import { EmptyState, ErrorNotice, Heading } from '../../base/notice.tsx';
import { Table } from '../../base/panel.tsx';
import { useWatch } from '../../live/live-state.tsx';
import { useSession } from '../../shell/session.ts';
import { auditPrefix, operations } from './audit-entry.ts';
import { readAudit } from './audit-pages.ts';
import { AuditRow } from './audit-row.tsx';
import './audit.css';

export function Audit() {
  const { can } = useSession();
  if (can('events:read')) return <AuditList />;
  return (
    <>
      <Heading title="Audit" />
      <p className="notice">
        The audit consists of events: to read it, a key needs <code>events:read</code> besides{' '}
        <code>audit:read</code>.
      </p>
    </>
  );
}

function AuditList() {
  const [{ operation, who, after }, change] = useAddress();
  const { client } = useSession();
  const queries = useQueryClient();
  const filter = {
    topics: [`${auditPrefix}${operation ?? '*'}`],
    ...(who && { users: [who] }),
  };
  const { data, error, isLoading } = useQuery({
    queryKey: ['audit', filter, after],
    queryFn: ({ signal }) => readAudit(client, filter, after ?? null, signal),
    placeholderData: keepPreviousData,
  });
  useWatch({ filter }, () => void queries.invalidateQueries({ queryKey: ['audit'] }));
  const { entries = [], next = null } = data ?? {};
  return (
    <>
      <Heading title="Audit" />
      <div className="toolbar">
        <SelectField
          label="What"
          value={operation ?? ''}
          options={{ '': 'All changes and refusals', ...operations }}
          onChange={(chosen) => change({ operation: chosen || undefined, after: undefined })}
        />
        <TextField
          label="Who"
          placeholder="The name of a key"
          value={who ?? ''}
          onChange={(name) => change({ who: name || undefined, after: undefined })}
        />
      </div>
      <ErrorNotice error={error} />
      {isLoading && <p className="loading">Loading the audit…</p>}
      {data && entries.length === 0 && next === null && <NoEntries isFiltered={Boolean(operation ?? who)} />}
      {entries.length === 0 && next && (
        <p className="none">None among the latest events that were searched.</p>
      )}
      {entries.length > 0 && (
        <Table label="Audit" columns={['When', 'Who', 'What', 'Which', 'Change']}>
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      {(after || next) && (
        <div className="pager">
          {after && <button onClick={() => change({ after: undefined })}>Latest</button>}
          {next && <button onClick={() => change({ after: next })}>Earlier</button>}
        </div>
      )}
    </>
  );
}

function NoEntries({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <p className="none">No entry is of this kind.</p>;
  return (
    <EmptyState title="Nothing was changed yet">
      <p>
        Each change of a key, a trigger, a topic, a consumer or a subscription appears here at once, and each
        refusal: who did it, and what was before and after.
      </p>
    </EmptyState>
  );
}
