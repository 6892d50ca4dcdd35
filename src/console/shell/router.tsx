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

const loads: (() => Promise<unknown>)[] = [];

/** Loads the views that are not loaded yet, so that they can be opened while the gateway is away. */
export async function loadViews(): Promise<void> {
  for (const load of loads) await load().catch(() => {});
}

function view<Name extends string>(
  path: string,
  load: () => Promise<Readonly<Record<Name, ComponentType>>>,
  name: Name,
) {
  loads.push(load);
  const component = lazyRouteComponent(load as () => Promise<Record<string, ComponentType>>, name);
  return createRoute({ getParentRoute: () => root, path, component });
}

const routes = [
  view('/', () => import('../views/overview/overview.tsx'), 'Overview'),
  view('/events', () => import('../views/events/events.tsx'), 'Events'),
  view('/events/$id', () => import('../views/events/event.tsx'), 'EventView'),
  view('/chains', () => import('../views/chains/chains.tsx'), 'Chains'),
  view('/chains/$requestId', () => import('../views/chains/chain.tsx'), 'ChainView'),
  view('/consumers', () => import('../views/consumers/consumers.tsx'), 'Consumers'),
  view('/consumers/$id', () => import('../views/consumers/consumer.tsx'), 'ConsumerView'),
  view('/subscriptions', () => import('../views/subscriptions/subscriptions.tsx'), 'Subscriptions'),
  view('/handlers', () => import('../views/handlers/handlers.tsx'), 'Handlers'),
  view('/triggers', () => import('../views/triggers/triggers.tsx'), 'Triggers'),
  view('/topics', () => import('../views/topics/topics.tsx'), 'Topics'),
  view('/topics/$name', () => import('../views/topics/topic.tsx'), 'TopicView'),
  view('/send', () => import('../views/send/send.tsx'), 'Send'),
  view('/filter', () => import('../views/filter/filter.tsx'), 'FilterPlayground'),
  view('/keys', () => import('../views/keys/keys.tsx'), 'Keys'),
  view('/audit', () => import('../views/audit/audit.tsx'), 'Audit'),
  view('/retention', () => import('../views/retention/retention.tsx'), 'Retention'),
  view('/system', () => import('../views/system/system.tsx'), 'System'),
  view('/graphiql', () => import('../views/graphiql/graphiql.tsx'), 'GraphiQL'),
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
