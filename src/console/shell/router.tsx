// The addresses of the views. Each view is loaded when it is first opened; all that a view shows is in its address.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { Frame } from './frame.tsx';
import { NotFound, ViewError, ViewLoading } from './fallbacks.tsx';
import { consolePath } from './session.ts';

/** The part of an address behind the question mark. */
export type Search = Readonly<Record<string, string>>;

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  validateSearch: (search): Search => search as Search,
});

type Load = () => Promise<Record<string, ComponentType>>;

function view(path: string, load: Load, name: string) {
  return createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load, name),
  });
}

const routes = [
  view('/', () => import('../views/overview/overview.tsx') as never, 'Overview'),
  view('/events', () => import('../views/events/events.tsx') as never, 'Events'),
  view('/graphiql', () => import('../views/graphiql/graphiql.tsx') as never, 'GraphiQL'),
];

export function createConsoleRouter(history?: RouterHistory) {
  return createRouter({
    routeTree: root.addChildren(routes),
    basepath: consolePath,
    ...(history && { history }),
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: searchText,
    defaultPendingComponent: ViewLoading,
    defaultErrorComponent: ViewError,
    scrollRestoration: false,
  });
}

/** Without the parameters that are empty. */
function searchText(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}
