// The views of the console: where they are, what they are called, and the scope without which they are not offered.

export interface View {
  readonly path: string;
  readonly title: string;
  /** Undefined: every key has something to see there. */
  readonly scope?: string;
  readonly group: 'Watch' | 'Work' | 'Inputs' | 'Settings';
  /** `g` and then this key leads to it. */
  readonly key?: string;
}

export const views: readonly View[] = [
  { path: '/', title: 'Overview', group: 'Watch', key: 'o' },
  { path: '/events', title: 'Events', scope: 'events:read', group: 'Watch', key: 'e' },
  { path: '/chains', title: 'Chains', scope: 'events:read', group: 'Watch', key: 'c' },
  { path: '/consumers', title: 'Consumers', scope: 'consumers', group: 'Work', key: 'w' },
  { path: '/subscriptions', title: 'Subscriptions', scope: 'subscriptions', group: 'Work', key: 's' },
  { path: '/handlers', title: 'Handlers', scope: 'handlers', group: 'Work', key: 'h' },
  { path: '/triggers', title: 'Triggers', scope: 'triggers', group: 'Inputs', key: 'i' },
  { path: '/topics', title: 'Topics', scope: 'events:read', group: 'Inputs', key: 't' },
  { path: '/send', title: 'Send', scope: 'events:send', group: 'Inputs', key: 'n' },
  { path: '/filter', title: 'Filter playground', scope: 'events:read', group: 'Inputs', key: 'f' },
  { path: '/keys', title: 'Keys', scope: 'keys', group: 'Settings', key: 'k' },
  { path: '/audit', title: 'Audit', scope: 'audit:read', group: 'Settings', key: 'a' },
  { path: '/retention', title: 'Retention', scope: 'metrics:read', group: 'Settings' },
  { path: '/system', title: 'System', scope: 'metrics:read', group: 'Settings', key: 'y' },
  { path: '/graphiql', title: 'GraphiQL', group: 'Settings', key: 'q' },
];

/** The view that a route belongs to: that of its first part. Undefined for none of them. */
export function viewOf(route: string): View | undefined {
  return views.find(({ path }) => path === route || (path !== '/' && route.startsWith(`${path}/`)));
}
