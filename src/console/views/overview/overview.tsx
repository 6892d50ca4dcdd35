// The overview: what happens now, what waits, what fails, and how the gateways and the database do.
import { useEffect, useState } from 'react';
import { FirstEventDocument } from '../../../../generated/console/graphql.ts';
import { useAddress } from '../../base/address.ts';
import { useGatewayQuery } from '../../base/gateway-query.ts';
import { EmptyState, Heading } from '../../base/notice.tsx';
import { useSession } from '../../shell/session.ts';
import { Failing } from './failing.tsx';
import { GettingStarted } from './getting-started.tsx';
import { chosenRange, type RangeName, ranges } from './range.ts';
import { Rates } from './rates.tsx';
import { SystemFigures } from './system-figures.tsx';
import { Waiting } from './waiting.tsx';
import './overview.css';

export function Overview() {
  const { can } = useSession();
  const [address, changeAddress] = useAddress();
  const guide = useGuide();
  const range = chosenRange(address);
  const mayCount = can('metrics:read') || can('events:read');
  const mayAny = mayCount || can('consumers');
  return (
    <>
      <Heading title="Overview">
        {mayCount && (
          <RangeSwitch
            name={range.name}
            isZoomed={range.zoom !== null}
            onChoose={(name) => changeAddress({ range: name, from: undefined, to: undefined })}
          />
        )}
      </Heading>
      {guide.isOpen && <GettingStarted hasEvents={guide.hasEvents} onClose={guide.close} />}
      {!mayAny && (
        <EmptyState title="Nothing to see with this key">
          <p>The overview needs one of the scopes events:read, metrics:read and consumers.</p>
        </EmptyState>
      )}
      {mayCount && <Rates range={range} />}
      <div className="overview-grid">
        {can('events:read') && <Failing range={range} />}
        <div className="overview-column">
          {can('consumers') && <Waiting />}
          {can('metrics:read') && <SystemFigures />}
        </div>
      </div>
    </>
  );
}

interface RangeSwitchProps {
  readonly name: RangeName;
  readonly isZoomed: boolean;
  readonly onChoose: (name: RangeName) => void;
}

function RangeSwitch({ name, isZoomed, onChoose }: RangeSwitchProps) {
  return (
    <div className="segments" role="group" aria-label="Range">
      {Object.entries(ranges).map(([each, { title }]) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === name && !isZoomed}
          onClick={() => onChoose(each as RangeName)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

const guideEveryMs = 2_000;

/** The first steps are shown where there is no event yet, and stay until they are closed. */
function useGuide() {
  const { can } = useSession();
  const [address, changeAddress] = useAddress();
  const [isClosed, setClosed] = useState(false);
  const isOpen = address.guide === 'open';
  const { data } = useGatewayQuery(
    FirstEventDocument,
    {},
    { isWanted: can('events:read') && !isClosed, ...(isOpen && { everyMs: guideEveryMs }) },
  );
  const hasEvents = data ? data.events.nodes.length > 0 : undefined;
  useEffect(() => {
    if (hasEvents === false && !isClosed) changeAddress({ guide: 'open' });
  }, [hasEvents, isClosed, changeAddress]);
  const close = () => {
    setClosed(true);
    changeAddress({ guide: undefined });
  };
  return { isOpen: isOpen && !isClosed, hasEvents: hasEvents === true, close };
}
