// Imports every file that defines types, and builds the GraphQL schema.
import './roots.ts';
import './scalars.ts';
import './event-relations.ts';
import './event-queries.ts';
import './event-log.ts';
import './chain.ts';
import './viewer.ts';
import './event-mutations.ts';
import './bulk-mutations.ts';
import './jobs.ts';
import './filter-check.ts';
import './durable-subscriptions.ts';
import './topics.ts';
import './triggers.ts';
import './handlers.ts';
import './event-subscriptions.ts';
import { builder } from './builder.ts';
import { sliceLists } from './sliced-lists.ts';

export const schema = sliceLists(builder.toSchema());
