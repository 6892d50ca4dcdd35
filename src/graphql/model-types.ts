// The Prisma models as types for Pothos, with the records that the operations return for them.
import type PrismaTypes from '../../generated/pothos.ts';
import type { PartialEvent, StatusChange } from '../domain/events/event.ts';
import type { ApiKey } from '../domain/access/api-key.ts';
import type { Consumer } from '../domain/jobs/consumer.ts';
import type { DurableSubscription } from '../domain/subscriptions/subscription.ts';
import type { RetentionRule } from '../domain/retention/retention.ts';
import type { Trigger } from '../domain/triggers/trigger.ts';
import type { ListedHandler } from '../operations/handlers.ts';
import type { Lease } from '../operations/operations.ts';
import type { ListedTopic } from './topic/listed-topic.ts';

interface Records {
  Event: PartialEvent;
  LogEntry: StatusChange;
  Job: Lease;
  Subscription: DurableSubscription;
  Trigger: Trigger;
  Topic: ListedTopic;
  Handler: ListedHandler;
  ApiKey: ApiKey;
  Consumer: Consumer;
  RetentionRule: RetentionRule;
}

/** The records derive from the models, so a field that no model has does not compile. */
export type ModelTypes = {
  [Model in keyof PrismaTypes]: Omit<PrismaTypes[Model], 'Shape'> & {
    Shape: Model extends keyof Records ? Records[Model] : PrismaTypes[Model]['Shape'];
  };
};
