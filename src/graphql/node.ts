// The interface Node: objects that can be fetched by id.
import { builder } from './builder.ts';

export const Node = builder.interfaceRef<{ readonly id: string }>('Node').implement({
  description: 'An object that can be fetched by its id with `node(id)`.',
  resolveType: (node) =>
    'keepDays' in node
      ? 'RetentionRule'
      : 'prefix' in node
        ? 'ApiKey'
        : 'sourceTopics' in node
          ? 'Consumer'
          : 'ack' in node
            ? 'DurableSubscription'
            : 'kind' in node
              ? 'Trigger'
              : 'Event',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A UUID, unique across all types.' }),
  }),
});
