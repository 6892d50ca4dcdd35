// Scopes: what a key or token may do, and the presets that documentation and CLI name.

/** Every scope, with what it allows. */
export const scopeMeanings = {
  'events:read': 'Read, list, count and watch events, topics and chains; test filters.',
  'events:send': 'Send events.',
  'events:update': 'Change events: status, payload, progress; restart and abort.',
  'events:delete': 'Delete events.',
  'jobs:work':
    'Enroll for jobs, and change a job with the attempt that was given for it; nothing else of events.',
  subscriptions: 'Create, read, acknowledge and delete durable subscriptions.',
  triggers: 'Create, read, change and delete webhooks and schedules.',
  handlers: 'See handlers, and switch them on and off.',
  topics: 'Declare topics.',
  consumers: 'See, pause, move and delete consumers.',
  keys: 'Create, rotate, revoke and list keys; create access tokens for others.',
  'audit:read': 'Read the audit: events of the topics throughline.audit.*.',
  'metrics:read': 'Read figures of the gateway and its database.',
  admin: 'Everything, in every project.',
} as const;

export type Scope = keyof typeof scopeMeanings;

export const allScopes = Object.keys(scopeMeanings) as readonly Scope[];

/** Sets of scopes for common kinds of callers. */
export const scopePresets = {
  reader: ['events:read'],
  sender: ['events:send'],
  worker: ['jobs:work'],
  operator: [
    'events:read',
    'events:send',
    'events:update',
    'events:delete',
    'jobs:work',
    'subscriptions',
    'triggers',
    'handlers',
    'topics',
    'consumers',
    'metrics:read',
  ],
  admin: ['admin'],
} as const satisfies Readonly<Record<string, readonly Scope[]>>;

export function isScope(name: string): name is Scope {
  return Object.hasOwn(scopeMeanings, name);
}

/** Whether these scopes allow what `scope` allows. */
export function hasScope(scopes: readonly string[], scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}
