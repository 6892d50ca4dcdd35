// What a request caused: as a graph, as a tree and as a waterfall, in sync.
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { isThroughlineError } from '../../../client/client.ts';
import { useAddress, usePathPart } from '../../base/address.ts';
import { CopyButton, EmptyState, ErrorNotice } from '../../base/notice.tsx';
import { ChainFigures, FailureBar, useFailureKeys } from './chain-figures.tsx';
import { ChainRows } from './chain-rows.tsx';
import { SidePanel } from './side-panel.tsx';
import { useChainEvents } from './use-chain-events.ts';
import { type ChainModel, useChainModel } from './use-chain-model.ts';
import type { ChainEvents } from './model/chain-events.ts';
import './shared.css';
import './chain.css';

const ChainGraph = lazy(async () => ({ default: (await import('./chain-graph.tsx')).ChainGraph }));

const layouts = ['all', 'graph', 'tree', 'waterfall'] as const;
type LayoutName = (typeof layouts)[number];

export function ChainView() {
  const requestId = usePathPart('requestId');
  return <Chain key={requestId} requestId={requestId} />;
}

function Chain({ requestId }: { requestId: string }) {
  const { events, error } = useChainEvents(requestId);
  return (
    <div className="chain">
      <div className="chain-title">
        <h1>
          Chain <code>{requestId}</code>
        </h1>
        <CopyButton text={requestId} label="Copy the id" />
        <Link to="/chains">All chains</Link>
      </div>
      <ErrorNotice error={error} />
      {isThroughlineError(error, 'LIMIT_EXCEEDED') && (
        <p>
          <Link to="/events" search={{ q: `request:${JSON.stringify(requestId)}` }}>
            List its events
          </Link>{' '}
          instead.
        </p>
      )}
      {!events && !error && <p className="loading">Reading the chain…</p>}
      {events?.size === 0 && <NoSuchRequest />}
      {events && events.size > 0 && <ChainBody events={events} />}
    </div>
  );
}

function NoSuchRequest() {
  return (
    <EmptyState title="This request has no events">
      <p>
        It may have been purged, or its events are not yours to see. As soon as one is sent, it appears here.
        <br />
        <Link to="/chains">Look up another request</Link>, or an event by its id or hash.
      </p>
    </EmptyState>
  );
}

function ChainBody({ events }: { events: ChainEvents }) {
  const model = useChainModel(events);
  const [address, changeAddress] = useAddress();
  const layout = layouts.find((name) => name === address.view) ?? 'all';
  useFailureKeys(model);
  return (
    <>
      <ChainFigures model={model} />
      <FailureBar model={model} />
      <LayoutSwitch layout={layout} onChoose={(view) => changeAddress({ view })} />
      <div className="chain-panes">
        <Panes layout={layout} model={model} />
        <SidePanel model={model} />
      </div>
    </>
  );
}

function LayoutSwitch({ layout, onChoose }: { layout: LayoutName; onChoose: (name: LayoutName) => void }) {
  return (
    <div className="segments" role="group" aria-label="Show the chain as">
      {layouts.map((name) => (
        <button key={name} type="button" aria-pressed={name === layout} onClick={() => onChoose(name)}>
          {name === 'all' ? 'All' : name[0]!.toUpperCase() + name.slice(1)}
        </button>
      ))}
      <span className="chain-hints muted">
        <kbd>↑</kbd> <kbd>↓</kbd> select · <kbd>←</kbd> <kbd>→</kbd> close, open · <kbd>n</kbd> next failure
      </span>
    </div>
  );
}

function Panes({ layout, model }: { layout: LayoutName; model: ChainModel }) {
  return (
    <div className={`chain-main is-${layout}`}>
      {(layout === 'all' || layout === 'graph') && (
        <Suspense fallback={<div className="chain-graph loading">Loading the graph…</div>}>
          <ChainGraph model={model} />
        </Suspense>
      )}
      {layout !== 'graph' && <ChainRows model={model} hasBars={layout !== 'tree'} />}
    </div>
  );
}
