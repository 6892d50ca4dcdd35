// The type Viewer: the authenticated caller.
import type { Caller } from '../operations/callers.ts';
import { version } from '../version.ts';
import { builder } from './builder.ts';

const Viewer = builder.objectRef<Caller>('Viewer').implement({
  description: 'The authenticated caller.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'The name of the API key; the history records changes under it.',
    }),
    projects: t.field({
      type: ['String'],
      nullable: true,
      description: 'The projects whose events the key may see and touch. Null: all.',
      resolve: ({ rows }) => rows?.projects ?? null,
    }),
    topics: t.field({
      type: ['String'],
      nullable: true,
      description: 'The topic patterns whose events the key may see and touch. Null: all.',
      resolve: ({ rows }) => rows?.topics ?? null,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the key or token stops working; null: never.',
      resolve: ({ expiresAt }) => expiresAt ?? null,
    }),
    gatewayVersion: t.string({
      description: 'The version of the gateway that answers.',
      resolve: () => version,
    }),
    scopes: t.exposeStringList('scopes', { description: 'The scopes that the key grants.' }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    description: 'The authenticated caller.',
    resolve: (_root, _args, { caller }) => caller,
  }),
);
