// The Node interface: what can be fetched again by its id alone.
import { builder } from './builder.ts';

export const Node = builder.interfaceRef<{ readonly id: string }>('Node').implement({
  description: 'Something that has an id of its own and can be fetched again by `node(id)`.',
  resolveType: (node) => ('ack' in node ? 'DurableSubscription' : 'kind' in node ? 'Trigger' : 'Event'),
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A UUID, unique among all nodes of all types.' }),
  }),
});
