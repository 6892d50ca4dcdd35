// The root types Query, Mutation and Subscription; their fields are defined beside the types that they return.
import { builder } from './builder.ts';

builder.queryType({
  description: 'Read operations. Every field requires an API key; without one: UNAUTHENTICATED.',
});

builder.mutationType({
  description:
    'Write operations. The fields of one mutation run one after another, in order. A response without an error means that the change is committed.',
});

builder.subscriptionType({
  description:
    'Live streams, over graphql-transport-ws or server-sent events. A subscription that reads too slowly ends with SLOW_SUBSCRIBER; resume with `after` set to `extensions.position`.',
});
