// Switches a handler on and off.
import { useState } from 'react';
import { SetHandlerEnabledDocument } from '../../../../generated/console/graphql.ts';
import { Confirm } from '../../base/dialog.tsx';
import { useChange } from '../../base/gateway-query.ts';

interface Switched {
  readonly fullName: string;
  readonly enabled: boolean;
  readonly problem?: string | null;
}

export function HandlerSwitch({ handler: { fullName, enabled, problem } }: { handler: Switched }) {
  const change = useChange();
  const [isAsking, setAsking] = useState(false);
  if (problem) return null;
  const title = enabled ? 'Switch off' : 'Switch on';
  return (
    <>
      <button className="small nowrap" aria-label={`${title} ${fullName}`} onClick={() => setAsking(true)}>
        {title}…
      </button>
      {isAsking && (
        <Confirm
          title={`${title} ${fullName}?`}
          action={title}
          onConfirm={() => change(SetHandlerEnabledDocument, { fullName, enabled: !enabled })}
          onClose={() => setAsking(false)}
        >
          <p>
            {enabled
              ? 'At all gateways, until it is switched on again. Waiting runs stay. Events that are sent meanwhile are not handled later.'
              : 'At all gateways. It runs for events that are sent from now on; those sent while it was off are not handled.'}
          </p>
        </Confirm>
      )}
    </>
  );
}
