// Imports every file that defines types, and builds the GraphQL schema.
import './roots.ts';
import './scalars.ts';
import './event/event-relations.ts';
import './event/event-queries.ts';
import './event/event-log.ts';
import './event/chain.ts';
import './viewer.ts';
import './event/event-mutations.ts';
import './event/bulk-mutations.ts';
import './job/jobs.ts';
import './event/filter-check.ts';
import './subscription/durable-subscriptions.ts';
import './topic/topics.ts';
import './outbox/outbox.ts';
import './trigger/triggers.ts';
import './handler/handlers.ts';
import './live/event-subscriptions.ts';
import './access/keys.ts';
import './access/tokens.ts';
import './figures/system.ts';
import './figures/failures.ts';
import './figures/event-rate.ts';
import './figures/retention.ts';
import { builder } from './builder.ts';
import { sliceLists } from './event/sliced-lists.ts';

export const schema = sliceLists(builder.toSchema());
