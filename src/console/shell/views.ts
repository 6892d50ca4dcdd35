// The views of the console: where they are, what they are called, and the scope without which they are not offered.

export interface View {
  readonly path: string;
  readonly title: string;
  /** Undefined: every key has something to see there. */
  readonly scope?: string;
  readonly group: 'Watch' | 'Work' | 'Inputs' | 'Settings';
}

export const views: readonly View[] = [
  { path: '/', title: 'Overview', group: 'Watch' },
  { path: '/events', title: 'Events', scope: 'events:read', group: 'Watch' },
  { path: '/chains', title: 'Chains', scope: 'events:read', group: 'Watch' },
  { path: '/consumers', title: 'Consumers', scope: 'consumers', group: 'Work' },
  { path: '/subscriptions', title: 'Subscriptions', scope: 'subscriptions', group: 'Work' },
  { path: '/handlers', title: 'Handlers', scope: 'handlers', group: 'Work' },
  { path: '/triggers', title: 'Triggers', scope: 'triggers', group: 'Inputs' },
  { path: '/topics', title: 'Topics', scope: 'events:read', group: 'Inputs' },
  { path: '/send', title: 'Send', scope: 'events:send', group: 'Inputs' },
  { path: '/filter', title: 'Filter playground', scope: 'events:read', group: 'Inputs' },
  { path: '/keys', title: 'Keys', scope: 'keys', group: 'Settings' },
  { path: '/audit', title: 'Audit', scope: 'audit:read', group: 'Settings' },
  { path: '/retention', title: 'Retention', scope: 'admin', group: 'Settings' },
  { path: '/system', title: 'System', scope: 'metrics:read', group: 'Settings' },
  { path: '/graphiql', title: 'GraphiQL', group: 'Settings' },
];
