// The frame around every view: navigation, the viewer, the state of the connection.
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useLiveState } from '../live/live-state.tsx';
import { CommandDialogs, PaletteButton, useCommands } from './commands.tsx';
import { useSession } from './session.ts';
import { applyTheme, type Theme, themes, useTheme } from './theme.ts';
import { type View, viewOf, views } from './views.ts';

const groups = ['Watch', 'Work', 'Inputs', 'Settings'] as const;

export function Frame() {
  const [isOpen, setOpen] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const main = useRef<HTMLElement>(null);
  useEffect(() => setOpen(false), [path]);
  const commands = useCommands();
  return (
    <div className="frame">
      <a className="skip" href="#main" onClick={() => main.current?.focus()}>
        Skip to the content
      </a>
      <header className="top">
        <button
          className="menu-button"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
        <Link to="/" className="brand">
          Throughline
        </Link>
        <ConnectionState />
        <span className="grow" />
        <PaletteButton onOpen={commands.openPalette} />
        <ViewerMenu />
      </header>
      <Navigation isOpen={isOpen} />
      <main id="main" ref={main} tabIndex={-1}>
        <Page />
      </main>
      <CommandDialogs commands={commands} />
    </div>
  );
}

/** A link may lead to a view that the key has no scope for. */
function Page() {
  const { can } = useSession();
  const route = useRouterState({ select: ({ matches }) => String(matches.at(-1)?.fullPath ?? '/') });
  const view = viewOf(route);
  if (view?.scope === undefined || can(view.scope)) return <Outlet />;
  return (
    <section className="empty">
      <h1>{view.title}</h1>
      <p>
        This page needs a key with the scope <code>{view.scope}</code>, which yours does not have.
      </p>
    </section>
  );
}

/** Views that the key has no scope for are left out. */
function Navigation({ isOpen }: { isOpen: boolean }) {
  const { can } = useSession();
  const offered = views.filter(({ scope }) => scope === undefined || can(scope));
  return (
    <nav id="navigation" aria-label="Views" className={isOpen ? 'is-open' : ''}>
      {groups.map((group) => {
        const ofGroup = offered.filter((view) => view.group === group);
        return ofGroup.length === 0 ? null : <NavigationGroup key={group} title={group} views={ofGroup} />;
      })}
    </nav>
  );
}

function NavigationGroup({ title, views }: { title: string; views: readonly View[] }) {
  return (
    <div className="nav-group">
      <h2>{title}</h2>
      <ul>
        {views.map((view) => (
          <li key={view.path}>
            <Link to={view.path} activeOptions={{ exact: view.path === '/', includeSearch: false }}>
              {view.title}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Nothing is shown while all is well. */
function ConnectionState() {
  const { isReconnecting, isPaused, setPaused } = useLiveState();
  return (
    <>
      <span role="status" className="connection">
        {isReconnecting ? 'The gateway is away. Reconnecting; no change will be missed.' : ''}
        {isPaused && !isReconnecting ? 'Live updates are paused.' : ''}
      </span>
      {isPaused && (
        <button type="button" onClick={() => setPaused(false)}>
          Resume
        </button>
      )}
    </>
  );
}

function ViewerMenu() {
  const { viewer, signOut } = useSession();
  const theme = useTheme();
  return (
    <>
      <label className="theme">
        <span className="visually-hidden">Theme</span>
        <select value={theme} onChange={(event) => applyTheme(event.target.value as Theme)}>
          {themes.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <span className="viewer" title={viewer.scopes.join(', ')}>
        {viewer.name}
      </span>
      <button onClick={() => signOut()}>Sign out</button>
    </>
  );
}
