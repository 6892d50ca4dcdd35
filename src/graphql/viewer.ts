// Viewer: whose key a request came with.
import type { Caller } from '../operations/operations.ts';
import { builder } from './builder.ts';

const Viewer = builder.objectRef<Caller>('Viewer').implement({
  description: 'The holder of the key that the request came with.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'The key’s name, under which changes are kept in the history.',
    }),
    scopes: t.exposeStringList('scopes', { description: 'What the key may do.' }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({ type: Viewer, description: 'Who asks.', resolve: (_root, _args, { caller }) => caller }),
);
