// The three root types; their fields are added beside the types that they return.
import { builder } from './builder.ts';

builder.queryType({
  description: 'What can be asked. Every field needs a key; without one the answer is UNAUTHENTICATED.',
});

builder.mutationType({
  description:
    'What can be changed. The fields of one mutation run one after another, in the order written. An answer without an error means that the change is in the database.',
});

builder.subscriptionType({
  description:
    'What can be watched, over graphql-transport-ws or server-sent events. A subscriber that reads too slowly is ended with SLOW_SUBSCRIBER, whose `extensions.position` is where to go on.',
});
