// The outbox: what waits to be moved into the log, and what was refused.
import { useState } from 'react';
import {
  DiscardOutboxDocument,
  OutboxStateDocument,
  type OutboxStateQuery,
} from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { Count, countOf } from '../../base/count.tsx';
import { useChange, useGatewayQuery } from '../../base/gateway-query.ts';
import { JsonTree } from '../../base/json-tree.tsx';
import { CopyButton, ErrorNotice } from '../../base/notice.tsx';
import { Facts, Panel, Table } from '../../base/panel.tsx';
import { Time } from '../../base/time.tsx';

/** Where the gateway stops counting, and how many failures it gives at once. */
const countCap = 25_000;
const listedFailures = 100;

type Failure = OutboxStateQuery['outbox']['failed'][number];

export function OutboxPanel() {
  const change = useChange();
  const [isAsking, setAsking] = useState(false);
  const { data, error } = useGatewayQuery(OutboxStateDocument, {}, { everyMs: 5_000 });
  const { waiting = 0, oldestAt = null, failed = [] } = data?.outbox ?? {};
  const ids = failed.map(({ id }) => id);
  return (
    <Panel
      title="Outbox"
      hint="Events that programs sent within their own database transactions, with send_event."
      actions={failed.length > 0 && <button onClick={() => setAsking(true)}>Discard the failures…</button>}
    >
      <ErrorNotice error={error} />
      {data && (
        <Facts
          facts={{
            'Wait for the log': <Count value={waiting} isExact={waiting < countCap} />,
            'Oldest since': <Time at={oldestAt} />,
            Refused: <Count value={failed.length} isExact={failed.length < listedFailures} />,
          }}
        />
      )}
      {failed.length > 0 && <Failures failures={failed} />}
      {isAsking && (
        <Confirm
          title="Discard failures of the outbox?"
          action={`Discard ${countOf(failed.length, 'event')}`}
          isDangerous
          onConfirm={() => change(DiscardOutboxDocument, { ids })}
          onClose={() => setAsking(false)}
        >
          <p>
            The {countOf(failed.length, 'refused event')} shown here {failed.length === 1 ? 'is' : 'are'}{' '}
            deleted for good. They never came into the log. To send one all the same, copy its input first,
            and put it right.
          </p>
        </Confirm>
      )}
    </Panel>
  );
}

function Failures({ failures }: { failures: readonly Failure[] }) {
  const change = useChange();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <div className="failures">
      <Table label="Refused events of the outbox" columns={['Refused', 'Why', 'Id', '']}>
        {failures.map((failure) => {
          const { id, at, code, message, input } = failure;
          return (
            <tr key={id}>
              <td className="nowrap">
                <Time at={at} />
              </td>
              <td>
                <code>{code}</code> {message}
                {open === id && <JsonTree label="Input" value={input} root="input" />}
              </td>
              <td>
                <code title={id}>{id.slice(-12)}</code>
              </td>
              <td>
                <div className="actions">
                  <button
                    className="small"
                    aria-expanded={open === id}
                    onClick={() => setOpen(open === id ? null : id)}
                  >
                    {open === id ? 'Hide' : 'Input'}
                  </button>
                  <CopyButton label="Copy" text={() => JSON.stringify(input, null, 2)} />
                  <button
                    className="small danger"
                    aria-label={`Discard ${id}`}
                    onClick={() => void change(DiscardOutboxDocument, { ids: [id] })}
                  >
                    Discard
                  </button>
                </div>
              </td>
            </tr>
          );
        })}
      </Table>
    </div>
  );
}
