// What each field of the schema costs, in rows that it may read. Fields that are left out read nothing.
//
// Needed for every field of Query, Mutation and Subscription, every field that returns objects, and every list or page;
// test/graphql/cost/field-costs.test.ts names what is missing. Fields of the row itself, such as an event's payload, cost
// nothing: they are read with it.
import { limits } from '../../base/limits.ts';
import { count, type FieldCost, items, list, page, rows, type SizeArguments } from './field-cost.ts';

/** A count: it stops at 25,000 entries of an index, most of them far earlier, and builds no rows. */
const countRows = 100;

/** Status changes of one event. There is no limit to them; most events have two to five. */
const historyItems = 10;

/** Handlers of a gateway, and runs of one event. There is no limit to them. */
const handlerItems = 100;

/** A page beyond the largest is refused when it is read, with a better message. */
function atMost(most: number, size: number): number {
  return Math.min(Math.max(size, 0), most);
}

const firstOrLast = (args: SizeArguments) =>
  atMost(limits.pageSize, args.number('first') ?? args.number('last') ?? limits.defaultPageSize);
const pageSize = (args: SizeArguments) => atMost(limits.pageSize, args.number('pageSize') ?? 0);
const claims = (args: SizeArguments) => atMost(limits.claims, args.number('count') ?? 0);
const prefetched = (args: SizeArguments) =>
  atMost(limits.prefetch, args.number('prefetch') ?? limits.defaultPrefetch);
const inputItems = (args: SizeArguments) => atMost(limits.batchItems, args.length('input'));

export const fieldCosts: Readonly<Record<string, FieldCost>> = {
  'Query.consumers': page(firstOrLast),
  'Query.event': rows(1),
  'Query.eventByHash': rows(1),
  'Query.eventChain': page(limits.chainEvents),
  'Query.eventLog': page(pageSize),
  'Query.eventLogByNodeId': list(limits.chainEvents),
  'Query.eventLogByRequestId': list(limits.chainEvents),
  'Query.eventRate': list((args) => atMost(limits.rateSteps, args.number('steps') ?? 60)),
  'Query.events': page(firstOrLast),
  'Query.failures': list((args) => atMost(limits.failureGroups, args.number('first') ?? 20)),
  'Query.handlers': list(handlerItems, 0),
  'Query.keys': page(firstOrLast),
  'Query.node': rows(1),
  'Query.outbox': rows(1),
  'Query.position': rows(1),
  'Query.retention': list(limits.retentionRules),
  'Query.subscriptions': page(firstOrLast),
  'Query.system': rows(1),
  'Query.topics': list(limits.listedTopics),
  'Query.triggers': list(limits.triggers),
  'Query.verifyFilter': rows(0),
  'Query.viewer': rows(0),

  'Mutation.abortEvents': rows(limits.bulkIds),
  'Mutation.acknowledge': rows(1),
  'Mutation.createAccessToken': rows(1),
  'Mutation.createKey': rows(1),
  'Mutation.createTrigger': rows(1),
  'Mutation.declareTopic': rows(1),
  'Mutation.deleteConsumer': rows(1),
  'Mutation.deleteEvent': rows(1),
  'Mutation.deleteEvents': rows(limits.bulkIds),
  'Mutation.deleteTrigger': rows(1),
  'Mutation.discardOutbox': rows(1),
  'Mutation.enroll': rows(2),
  'Mutation.enrollMany': list(claims, 2),
  'Mutation.extendLease': rows(1),
  'Mutation.moveConsumer': rows(1),
  'Mutation.moveSubscription': rows(1),
  'Mutation.nextEvent': rows(1),
  'Mutation.pauseConsumer': rows(1),
  'Mutation.purge': rows(limits.bulkIds),
  'Mutation.releaseJob': rows(1),
  'Mutation.restartEvents': rows(limits.bulkIds),
  'Mutation.resumeConsumer': rows(1),
  'Mutation.revokeKey': rows(1),
  'Mutation.rotateKey': rows(1),
  'Mutation.sendEvent': rows(1),
  'Mutation.sendEvents': page(inputItems),
  'Mutation.setConsumerFlow': rows(1),
  'Mutation.setHandlerEnabled': rows(1),
  'Mutation.setRetention': list(limits.retentionRules),
  'Mutation.setTriggerSecrets': rows(1),
  'Mutation.subscribe': rows(1),
  'Mutation.unsubscribe': rows(1),
  'Mutation.updateEvent': rows(1),
  'Mutation.updateEvents': page(inputItems),
  'Mutation.updateTrigger': rows(1),

  // For each change that is delivered.
  'Subscription.eventFeed': rows(1),
  'Subscription.eventProgress': rows(0),
  'Subscription.eventStatus': rows(1),
  // Each batch is answered at once.
  'Subscription.jobs': list(prefetched, 2),
  'Subscription.subscriptionEvents': rows(1),

  'Event.dependents': page(firstOrLast),
  'Event.dependsOn': rows(1),
  'Event.error': rows(0),
  'Event.history': list(historyItems),
  'Event.lease': rows(1),
  'Event.sendAt': rows(1),
  'EventChain.countByStatus': rows(0),
  'EventChain.events': items,
  'EventChain.failedLeaves': items,
  'EventChain.roots': items,
  'EventChange.event': rows(0),
  'EventConnection.edges': items,
  'EventConnection.nodes': items,
  'EventConnection.pageInfo': rows(0),
  'EventConnection.totalCount': count(countRows),
  'EventConnection.totalIsExact': count(countRows),
  'EventEdge.node': rows(0),
  'EventLogPage.rowDatas': items,
  'EventLogPage.totalCount': count(countRows),
  'EventLogPage.totalIsExact': count(countRows),

  'ApiKeyConnection.edges': items,
  'ApiKeyConnection.nodes': items,
  'ApiKeyConnection.pageInfo': rows(0),
  'ApiKeyEdge.node': rows(0),
  // A consumer's counts have up to five caps.
  'Consumer.backlog': rows(5 * countRows),
  'Consumer.flow': rows(0),
  'Flow.rateLimit': rows(0),
  'Consumer.workers': list(countRows, 0),
  'ConsumerConnection.edges': items,
  'ConsumerConnection.nodes': items,
  'ConsumerConnection.pageInfo': rows(0),
  'ConsumerEdge.node': rows(0),
  'CreateKeyPayload.key': rows(0),
  'DurableSubscription.lag': rows(countRows),
  'DurableSubscriptionConnection.edges': items,
  'DurableSubscriptionConnection.nodes': items,
  'DurableSubscriptionConnection.pageInfo': rows(0),
  'DurableSubscriptionEdge.node': rows(0),
  'Enrollment.event': rows(0),
  'Enrollment.source': rows(0),
  'Execution.error': rows(0),
  'Execution.event': rows(0),
  'FailureGroup.sample': rows(1),
  'Handler.backlog': rows(countRows),
  'Handler.lastRunAt': rows(1),
  'NextEvent.event': rows(0),
  'Outbox.failed': list(limits.outboxFailures),
  'SendEventPayload.event': rows(0),
  'SendEventPayload.executions': list(handlerItems, 0),
  'SendEventPayload.matched': rows(countRows),
  'SendEventsPayload.errors': items,
  'SendEventsPayload.events': items,
  'System.database': rows(countRows),
  'System.gateways': list(handlerItems, 0),
  'Topic.count': rows(countRows),
  'Topic.lastEventAt': rows(1),
  'Trigger.hmac': rows(0),
  'UpdateEventsPayload.errors': items,
  'UpdateEventsPayload.events': items,
};
