// Every field of Query, Mutation and Subscription, with the scope that it needs and a call of it that changes little.
import type { Scope } from '../../src/domain/access/scopes.ts';

export interface Call {
  /** One of these is needed; none for an empty list. The first is the one that a refusal names. */
  readonly needs: readonly Scope[];
  /** The field as it is selected. */
  readonly field: string;
}

const id = '"0195f000-0000-7000-8000-000000000000"';
/** Within the rows that the matrix restricts callers to. */
const event = 'topic: "t.a", project: "p", requestId: "r"';
const bulk = `(filter: {ids: [${id}]}, dryRun: true) { count }`;
const job = 'input: {sourceTopics: ["t.a"], targetTopic: "t.job", worker: "w", project: "p"}';

const reads: readonly Scope[] = ['events:read'];

/** A field of the schema that is not here fails the matrix: say which scope it needs. */
export const calls: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  Query: {
    viewer: { needs: [], field: 'viewer { name }' },
    position: { needs: reads, field: 'position' },
    node: {
      needs: ['events:read', 'subscriptions', 'triggers', 'consumers', 'keys', 'metrics:read'],
      field: `node(id: ${id}) { id }`,
    },
    event: { needs: reads, field: `event(id: ${id}) { id }` },
    eventByHash: { needs: reads, field: 'eventByHash(hash: "h") { id }' },
    events: { needs: reads, field: 'events(first: 1) { totalCount nodes { id } }' },
    eventLog: { needs: reads, field: 'eventLog(fullName: "t.a") { totalCount rowDatas { id } }' },
    eventLogByRequestId: { needs: reads, field: 'eventLogByRequestId(requestId: "r") { id }' },
    eventLogByNodeId: { needs: reads, field: 'eventLogByNodeId(requestId: "r", nodeId: "n") { id }' },
    eventChain: { needs: reads, field: 'eventChain(requestId: "r") { requestId }' },
    topics: { needs: reads, field: 'topics { name count lastEventAt }' },
    verifyFilter: { needs: reads, field: 'verifyFilter(expression: "true") { valid }' },
    subscriptions: { needs: ['subscriptions'], field: 'subscriptions { nodes { id lag } }' },
    triggers: { needs: ['triggers'], field: 'triggers { id }' },
    keys: { needs: ['keys'], field: 'keys { nodes { id } }' },
    consumers: {
      needs: ['consumers'],
      field: 'consumers { nodes { id backlog { waiting } workers { name } } }',
    },
    system: { needs: ['metrics:read'], field: 'system { position gateways { id } database { kind } }' },
    eventRate: {
      needs: ['metrics:read', 'events:read'],
      field: 'eventRate(from: "2025-01-01T00:00:00Z", to: "2025-01-02T00:00:00Z", steps: 1) { sent }',
    },
    failures: { needs: reads, field: 'failures { topic sample { id } }' },
    retention: { needs: ['metrics:read'], field: 'retention { id topics } ' },
    outbox: { needs: ['admin'], field: 'outbox { waiting failed { id } }' },
    handlers: { needs: ['handlers'], field: 'handlers { fullName lastRunAt backlog { waiting } }' },
  },
  Mutation: {
    sendEvent: { needs: ['events:send'], field: `sendEvent(input: {${event}}) { event { id topic } }` },
    sendEvents: { needs: ['events:send'], field: `sendEvents(input: [{${event}}]) { events { id topic } }` },
    updateEvent: {
      needs: ['events:update', 'jobs:work'],
      field: `updateEvent(input: {id: ${id}, attempt: 1, status: FINISHED}) { id }`,
    },
    updateEvents: {
      needs: ['events:update', 'jobs:work'],
      field: `updateEvents(input: [{id: ${id}, attempt: 1, status: FINISHED}]) { events { id } }`,
    },
    deleteEvent: { needs: ['events:delete'], field: `deleteEvent(id: ${id})` },
    restartEvents: { needs: ['events:update'], field: `restartEvents${bulk}` },
    abortEvents: { needs: ['events:update'], field: `abortEvents${bulk}` },
    deleteEvents: { needs: ['events:delete'], field: `deleteEvents${bulk}` },
    enroll: { needs: ['jobs:work'], field: `enroll(${job}) { event { topic } source { topic } }` },
    enrollMany: { needs: ['jobs:work'], field: `enrollMany(${job}, count: 1) { event { topic } }` },
    extendLease: { needs: ['jobs:work'], field: `extendLease(eventId: ${id}, attempt: 1) { attempt }` },
    releaseJob: { needs: ['jobs:work'], field: `releaseJob(eventId: ${id}, attempt: 1) { id }` },
    subscribe: { needs: ['subscriptions'], field: 'subscribe(input: {topics: ["t.a"]}) { id lag }' },
    nextEvent: {
      needs: ['subscriptions'],
      field: `nextEvent(subscriptionIds: [${id}], timeoutMs: 0) { event { id } }`,
    },
    acknowledge: {
      needs: ['subscriptions'],
      field: `acknowledge(subscriptionId: ${id}, position: "1") { id }`,
    },
    moveSubscription: { needs: ['subscriptions'], field: `moveSubscription(id: ${id}, after: "0") { id }` },
    unsubscribe: { needs: ['subscriptions'], field: `unsubscribe(id: ${id})` },
    pauseConsumer: { needs: ['consumers'], field: `pauseConsumer(id: ${id}) { id }` },
    resumeConsumer: { needs: ['consumers'], field: `resumeConsumer(id: ${id}) { id }` },
    moveConsumer: { needs: ['consumers'], field: `moveConsumer(id: ${id}, after: "0") { id }` },
    setConsumerFlow: {
      needs: ['consumers'],
      field: `setConsumerFlow(id: ${id}, flow: {maxConcurrent: 1}) { id flow { maxConcurrent } }`,
    },
    deleteConsumer: { needs: ['consumers'], field: `deleteConsumer(id: ${id})` },
    createTrigger: {
      needs: ['triggers'],
      field: 'createTrigger(input: {name: "t.hook", webhook: {}}) { id }',
    },
    updateTrigger: { needs: ['triggers'], field: `updateTrigger(input: {id: ${id}, enabled: true}) { id }` },
    deleteTrigger: { needs: ['triggers'], field: `deleteTrigger(id: ${id})` },
    setTriggerSecrets: { needs: ['triggers'], field: `setTriggerSecrets(id: ${id}, secrets: ["s"]) { id }` },
    declareTopic: {
      needs: ['topics'],
      field: 'declareTopic(input: {name: "t.a"}) { name summarySchema }',
    },
    discardOutbox: { needs: ['admin'], field: `discardOutbox(ids: [${id}])` },
    setRetention: { needs: ['admin'], field: 'setRetention(rules: []) { id }' },
    purge: { needs: ['admin'], field: 'purge(dryRun: true) { count }' },
    createKey: {
      needs: ['keys'],
      field: 'createKey(input: {name: "made", scopes: []}) { key { id } }',
    },
    createAccessToken: {
      needs: ['keys'],
      field: 'createAccessToken(input: {name: "made", scopes: []}) { token }',
    },
    rotateKey: { needs: ['keys'], field: `rotateKey(id: ${id}) { key { id } }` },
    revokeKey: { needs: ['keys'], field: `revokeKey(id: ${id}) { id }` },
    setHandlerEnabled: {
      needs: ['handlers'],
      field: 'setHandlerEnabled(fullName: "t.handler", enabled: true) { fullName }',
    },
  },
  Subscription: {
    eventFeed: { needs: reads, field: 'eventFeed { kind }' },
    eventStatus: { needs: reads, field: 'eventStatus(requestId: "r") { kind }' },
    eventProgress: { needs: reads, field: 'eventProgress { progress }' },
    jobs: { needs: ['jobs:work'], field: `jobs(${job}) { event { topic } source { topic } }` },
    subscriptionEvents: {
      needs: ['subscriptions'],
      field: `subscriptionEvents(ids: [${id}]) { subscriptionId }`,
    },
  },
};
