// The scopes of keys with what they allow, and sets of them for common kinds of callers. docs/reference/scopes.md has both.

export const scopeMeanings: Readonly<Record<string, string>> = {
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
};

export const scopePresets: Readonly<Record<string, readonly string[]>> = {
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
};

/** The preset with exactly these scopes; "custom" where there is none. */
export function presetOf(scopes: ReadonlySet<string>): string {
  const found = Object.entries(scopePresets).find(
    ([, preset]) => preset.length === scopes.size && preset.every((scope) => scopes.has(scope)),
  );
  return found?.[0] ?? 'custom';
}
