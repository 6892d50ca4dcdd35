// Every fixed limit of the gateway. docs/reference/limits.md is printed from the comments here.

export const limits = {
  /** Length of a topic, in characters. */
  topicLength: 200,
  /** Length of a hash, sender, project, user, request id or node id, in characters. */
  nameLength: 500,
  /** Size of a request id or node id as UTF-8, in bytes. The two are indexed together. */
  chainIdBytes: 1_300,
  /** Length of a description, error message or error code, in characters. */
  descriptionLength: 10_000,
  /** Length of an error's stack trace, in characters. */
  stackLength: 100_000,
  /** Size of a payload, summary or result as JSON text, in bytes. */
  jsonBytes: 1_048_576,
  /** Nesting depth of a JSON value or a request body, in levels. */
  jsonDepth: 100,
  /** Events of a plain queue that a consumer remembers as rejected by its filter, so that they are not tested again. */
  queueRejections: 100_000,
  /** Limits of a consumer: jobs at once, at once per key, and claims per time. */
  flowCount: 1_000_000,
  /** The longest time of a rate limit, in seconds. */
  flowSeconds: 86_400,
  /** The shortest time of a rate limit, in seconds. */
  flowLeastSeconds: 0.001,
  /** Length of a flow key, in characters; a longer one is cut. */
  flowKeyLength: 200,
  /** Sources that a consumer with a limit per key reads ahead while the keys of earlier ones are at their limit. */
  flowReadAhead: 10_000,
  /** The highest priority of an event. The lowest is its negative. */
  priority: 100,
  /** How far in the future `sendAt` may be, in days. */
  sendAheadDays: 3_650,
  /** Items in one `sendEvents` or `updateEvents`, or in a list argument of a filter. */
  batchItems: 5_000,
  /** `first`, `last` and `pageSize`. */
  pageSize: 1_000,
  /** The default of `first` and `last`. */
  defaultPageSize: 50,
  /**
   * Event JSON (summary, payload, result, error) per page, in bytes. A page that reaches it ends early; a list
   * without pages is refused.
   */
  pageBytes: 8_388_608,
  /** Event JSON that one operation reads or returns in total, in bytes. Each field of a mutation may return as much, until the fields before it have. */
  operationBytes: 16_777_216,
  /**
   * Event JSON that the operations of one key hold in one gateway until their answers are sent, in bytes. Further reads
   * wait for room.
   */
  heldAnswerBytesPerKey: 67_108_864,
  /** Event JSON that the operations of all keys hold in one gateway until their answers are sent, in bytes. Further reads wait for room. */
  heldAnswerBytes: 134_217_728,
  /** The longest wait for such room, in milliseconds. Then the read gets OVERLOADED. */
  heldAnswerMs: 10_000,
  /** Conditions in one filter, nested ones included. */
  conditions: 100,
  /** Nesting depth of conditions. */
  conditionDepth: 10,
  /** Length of a condition's key, in characters. */
  conditionKeyLength: 500,
  /** Items in the list a condition compares with. */
  conditionItems: 1_000,
  /** Length of a condition's LIKE pattern, in characters. */
  likeLength: 500,
  /** Length of a CEL expression, in characters. */
  celLength: 2_048,
  /** Names, values, operators and calls in a CEL expression. */
  celNodes: 500,
  /** Nesting depth of a CEL expression. */
  celDepth: 50,
  /** Nesting depth of CEL macros (all, exists, exists_one, map, filter, sortBy). */
  celMacros: 2,
  /** Length of a regular expression for `matches`, in characters. */
  celPatternLength: 1_000,
  /** Size of a regular expression with its repetitions expanded, in instructions. */
  celPatternSize: 5_000,
  /** Steps for one evaluation of a filter in memory, CEL or conditions. A step takes about 0.1 µs. */
  celCost: 1_000_000,
  /** Steps for all live filters of one caller, per change. */
  filterSteps: 5_000_000,
  /**
   * Memory for changes queued for live filters in one gateway, in bytes. Beyond it the subscriptions furthest behind
   * are ended.
   */
  filterBacklogBytes: 67_108_864,
  /** Events that one page tests against a CEL expression before it ends early with a cursor. */
  celRows: 10_000,
  /**
   * Time for testing payloads, summaries and descriptions for one page or count, in milliseconds. Beyond it the page
   * ends early with a cursor.
   */
  testMs: 5_000,
  /** Compiled CEL expressions kept in the cache, besides those in use. */
  celFilters: 2_000,
  /** Compiled regular expressions kept in the cache, of those that come from event data. */
  celPatterns: 500,
  /** The count cap: counting stops here. */
  countCap: 25_000,
  /** Workers that are remembered of one consumer, and listed. */
  listedWorkers: 1_000,
  /** Rows that one page reads for a filter without an index before it ends early with a cursor. */
  scanRows: 50_000,
  /** Events of one request that a chain or log query reads. More get LIMIT_EXCEEDED. */
  chainEvents: 10_000,
  /** Dependents requested by one level of a query: the number of parents times the page size. */
  dependentRows: 100_000,
  /** Depth of handler runs that cause one another. */
  chainDepth: 32,
  /** Handler runs of one request. */
  requestRuns: 1_000,
  /** The default timeout of a handler run, in milliseconds. */
  handlerTimeoutMs: 30_000,
  /** The longest timeout a handler may set, in milliseconds. */
  maxHandlerTimeoutMs: 3_600_000,
  /** Events per transaction of a bulk mutation. Other writes may run between two transactions. */
  bulkBatch: 500,
  /** Ids returned by a bulk mutation. */
  bulkIds: 1_000,
  /** Queued writes of one kind (sends, updates, claims, …). Further ones get OVERLOADED. */
  writeQueue: 20_000,
  /** Queued writes of one kind as JSON text, in bytes. Further ones get OVERLOADED. */
  writeQueueBytes: 134_217_728,
  /** Writes of one kind per flush. */
  flushItems: 1_000,
  /** Writes of one kind per flush as JSON text, in bytes. A single larger write is flushed alone. */
  flushBytes: 8_388_608,
  /** Argument of the function `send_event` as JSON text, in bytes. */
  outboxInputBytes: 4_194_304,
  /** Rows of the outbox that one gateway moves into the log at once. */
  outboxBatch: 500,
  /** The same as JSON text, in bytes. A single larger row is moved alone. */
  outboxBatchBytes: 2_097_152,
  /** Failures returned by `outbox`. */
  outboxFailures: 100,
  /** Retention rules. */
  retentionRules: 50,
  /** Topic patterns of one retention rule. */
  retentionTopics: 20,
  /** Projects of one retention rule. */
  retentionProjects: 100,
  /** The largest `keepDays` of a retention rule. */
  retentionKeepDays: 36_500,
  /** The least `keepDays` of a retention rule for reserved topics, such as those of the audit. */
  retentionReservedDays: 30,
  /** How long the log keeps the deletion of a purged event, in days. */
  retentionDeletionDays: 7,
  /** Interval between two runs of the retention rules in the background, in minutes. The first run comes that long after a rule was set. */
  retentionMinutes: 60,
  /** Events per transaction of a purge. Other writes may run between two transactions. */
  purgeBatch: 200,
  /** The largest `steps` of `eventRate`. */
  rateSteps: 500,
  /** Days for which counts of events are kept by the minute. Steps of less than an hour begin later than that. */
  rateMinuteDays: 8,
  /** Days for which counts of events are kept by the hour; by the day they are kept without end. */
  rateHourDays: 400,
  /** Counts by topic, project and time that one `eventRate` reads. */
  rateRows: 100_000,
  /** Entries of the log that one `eventRate` counts, where steps are shorter than a minute. */
  rateEntries: 100_000,
  /** The same where the filter says more than topics and projects. */
  rateFilteredEntries: 10_000,
  /** Failed events that `failures` reads, the latest. */
  failureRows: 5_000,
  /** The same as stored size of their errors, in bytes. */
  failureBytes: 4_194_304,
  /** Groups returned by `failures`. */
  failureGroups: 100,
  /** Characters of an error message by which `failures` groups, and that it returns. */
  failureMessageLength: 500,
  /** Source topics, and ignored sender types, in one `enroll`. */
  sourceTopics: 1_000,
  /** Jobs requested by one `enrollMany`. Fewer are claimed if their event JSON exceeds `operationBytes`. */
  claims: 1_000,
  /** Unfinished jobs at one subscriber of `jobs`: the largest `prefetch`. */
  prefetch: 1_000,
  /** The default `prefetch`. */
  defaultPrefetch: 10,
  /** The shortest lease, in milliseconds. */
  minLeaseMs: 1_000,
  /** The longest lease, in milliseconds. */
  maxLeaseMs: 3_600_000,
  /** The default lease, in milliseconds. */
  defaultLeaseMs: 60_000,
  /** The lease of a job that a client of AYON's protocol claims without `leaseSeconds`, in milliseconds. */
  ayonLeaseMs: 21_600_000,
  /** The largest `limit` of AYON's `POST /api/query`. */
  ayonQueryLimit: 5_000,
  /** The largest `offset` of AYON's `POST /api/query`. */
  ayonQueryOffset: 50_000,
  /** Fields `events` in one document of AYON's GraphQL. */
  ayonLists: 4,
  /** Topics to which one WebSocket of AYON's protocol subscribes. */
  ayonTopics: 1_000,
  /** The longest `waitMs` of `enroll`, in milliseconds. */
  waitMs: 60_000,
  /** The largest `maxRetries`. */
  maxRetries: 1_000,
  /** The longest retry delay, doubling included, in milliseconds. */
  retryDelayMs: 3_600_000,
  /** The largest `ignoreOlderThanDays`. */
  ignoreOlderThanDays: 36_500,
  /** Log entries read by one statement of `enroll`. The call continues with further statements. */
  enrollScanRows: 10_000,
  /** Waiting `enroll` calls in one gateway. Further ones get OVERLOADED. */
  waitingEnrolls: 20_000,
  /** Job consumers created by one key. Each combination of source topics, target and filters is a consumer. */
  consumersPerKey: 5_000,
  /** Job consumers in total. */
  consumers: 10_000,
  /** Definitions of one named consumer that are in use at the same time. */
  consumerDefinitions: 100,
  /** Topics that one named consumer has had as target. */
  consumerTargets: 100,
  /** Days until an unused job consumer is removed. When used again, it starts at the beginning of the log. */
  consumerDays: 30,
  /** Durable subscriptions created by one key. */
  durableSubscriptionsPerKey: 10_000,
  /** Durable subscriptions in total. */
  durableSubscriptions: 20_000,
  /** Topics in one `subscribe`. */
  subscriptionTopics: 1_000,
  /** The shortest `visibilityMs`, in milliseconds. */
  minVisibilityMs: 1_000,
  /** The longest `visibilityMs`, in milliseconds. */
  maxVisibilityMs: 3_600_000,
  /** The default of `visibilityMs`, in milliseconds. */
  defaultVisibilityMs: 30_000,
  /** The largest `expiresAfterDays`. */
  expiresAfterDays: 3_650,
  /** The default of `expiresAfterDays`: days without a `nextEvent` call until a subscription expires. */
  defaultExpiresAfterDays: 30,
  /** Subscription ids in one `nextEvent`. */
  nextEventIds: 100,
  /** The longest `timeoutMs` of `nextEvent`, and its default, in milliseconds. */
  timeoutMs: 60_000,
  /** Waiting `nextEvent` calls in one gateway. Further ones get OVERLOADED. */
  waitingNextEvents: 20_000,
  /** Log entries read by one statement for a subscription's next event or lag. */
  subscriptionScanRows: 10_000,
  /** Body of a webhook delivery, in bytes. */
  webhookBytes: 524_288,
  /** Triggers in total. */
  triggers: 1_000,
  /** Valid secrets of one webhook. */
  triggerSecrets: 10,
  /** Allowed browser origins of one webhook. */
  triggerOrigins: 100,
  /** The largest signature tolerance, in seconds. */
  signatureToleranceSeconds: 86_400,
  /** Deliveries per second to one webhook in one gateway, on average. Further ones get RATE_LIMITED. */
  webhookRate: 500,
  /** Burst of deliveries to one webhook in one gateway. */
  webhookBurst: 2_000,
  /** Bytes per second delivered to one webhook in one gateway, on average. */
  webhookRateBytes: 8_388_608,
  /** Burst of deliveries to one webhook in one gateway, in bytes. */
  webhookBurstBytes: 33_554_432,
  /** Delivery bodies in memory in one gateway, in bytes. Further deliveries get OVERLOADED. */
  webhookBufferBytes: 67_108_864,
  /** Values in a delivery's JSON body. A body with more is kept as text only. */
  webhookValues: 50_000,
  /** Fields in a delivery's form body. A body with more is kept as text only. */
  webhookFields: 5_000,
  /** Counting the missed ticks of a schedule stops here. */
  missedTicks: 10_000,
  /** Declared topics. */
  declaredTopics: 1_000,
  /** Topics returned by `topics`. */
  listedTopics: 1_000,
  /** Size of a JSON Schema as JSON text, in bytes. */
  schemaBytes: 131_072,
  /**
   * Parts of a JSON Schema: objects, list items outside `enum` and `required`, and every ten instructions of its
   * patterns.
   */
  schemaParts: 2_000,
  /** Steps for validating one summary or payload. A step takes about 0.1 µs. */
  schemaSteps: 1_000_000,
  /** Schemas whose compiled validators are cached, as JSON text, in bytes. */
  compiledSchemaBytes: 16_777_216,
  /** Validation stops after this many failures. */
  schemaFailures: 100,
  /**
   * Length of a string that is tested for a format such as `date-time` or `uri`, in characters. A longer one fails
   * the test.
   */
  schemaFormatLength: 2_048,
  /** Values in a request body or WebSocket message, including those inside payloads. */
  bodyValues: 2_000_000,
  /** Items of all lists in an operation's variables, JSON values excluded. */
  inputItems: 20_000,
  /** Tokens of a GraphQL document. */
  documentTokens: 5_000,
  /** Nesting depth of fields in a GraphQL document. */
  documentDepth: 16,
  /** Aliases in a GraphQL document. */
  documentAliases: 100,
  /** Directives in a GraphQL document. */
  documentDirectives: 50,
  /** Cost of an operation: the rows that it may read, as docs/operate/security.md explains. */
  queryCost: 200_000,
  /** Fields and fragments that are visited to compute the cost of an operation. */
  queryCostSteps: 20_000,
  /** Documents in the manifest of trusted documents. */
  trustedDocuments: 5_000,
  /** Size of the manifest of trusted documents, in bytes. */
  trustedDocumentsBytes: 4_194_304,
  /** Operations in one batched HTTP request. */
  requestBatch: 10,
  /** Connections beyond `THROUGHLINE_MAX_CONNECTIONS`, reserved for health checks. A new one replaces the oldest. */
  connectionsBeyondCap: 100,
  /** How long a connection with unsent data may read nothing before it is closed, in milliseconds. */
  unreadMs: 30_000,
  /**
   * Unsent data of all connections, in bytes. Beyond it the connections that have read nothing for longest are
   * closed.
   */
  unreadBytes: 134_217_728,
  /** Open subscriptions on one WebSocket. */
  subscriptionsPerSocket: 1_000,
  /** Open subscriptions of one key in one gateway, over all its WebSockets and streams. */
  openSubscriptionsPerKey: 50_000,
  /** Open subscriptions in one gateway. Further ones get OVERLOADED. */
  openSubscriptions: 100_000,
  /** Unsent bytes of one subscription. Beyond it the subscription ends with SLOW_SUBSCRIBER. */
  subscriberBufferBytes: 4_194_304,
  /** Queued changes of one subscription. Beyond it the subscription ends with SLOW_SUBSCRIBER. */
  subscriberBufferItems: 10_000,
  /** How long a start waits for a Postgres server that accepts no further connection, in seconds. */
  connectionSlotSeconds: 30,
  /** Timeout of a call to the embedded database, in seconds. Then it fails with DATABASE_UNAVAILABLE. */
  embeddedAnswerSeconds: 15,
  /** How long the embedded database may be unresponsive before the gateway treats it as failed, in seconds. */
  embeddedSilenceSeconds: 60,
  /** Unread log output on a pipe, in bytes. Further lines are dropped and counted. */
  logBytes: 1_048_576,
  /** The least length of `THROUGHLINE_ADMIN_KEY`, in characters. */
  adminKeyLength: 24,
  /** Length of the name of a key or token, in characters. */
  keyNameLength: 200,
  /** Projects, topic patterns or requests to which one key or token is restricted. */
  keyRestrictions: 1_000,
  /** The largest `rateLimit` of a key, in requests a minute. */
  keyRateLimit: 10_000_000,
  /** The largest `graceSeconds` of a rotation, in seconds. */
  keyGraceSeconds: 2_592_000,
  /** Shortest life of an access token, in seconds. */
  minTokenSeconds: 10,
  /** Longest life of an access token, in seconds. */
  tokenSeconds: 86_400,
  /** Life of an access token by default, in seconds. */
  defaultTokenSeconds: 900,
  /** Length of a JWT, in characters. A longer one is unknown. */
  tokenLength: 16_384,
  /** Tokens that one gateway keeps in memory; any other is verified again at its next use. */
  knownTokens: 20_000,
  /** Requests a minute with wrong keys from one address before further ones get RATE_LIMITED. */
  wrongKeysPerMinute: 60,
  /** Log lines a minute about wrong keys. */
  wrongKeyLogLines: 20,
  /**
   * Refusals a minute of one key, or of one address without a known key, that one gateway records in the audit; others
   * are counted in the next entry.
   */
  auditedRefusals: 20,
  /** Refusals a minute, of all keys and addresses, that one gateway records in the audit. */
  auditedRefusalsInAll: 300,
  /** Size of one value in an entry of the audit as JSON text, in bytes. Of a larger one only the size is recorded. */
  auditedValueBytes: 131_072,
  /** Keys that one gateway keeps in memory, beside those with open sockets and streams; any other is read at its next use. */
  knownKeys: 20_000,
  /** Unknown keys that one gateway remembers, for 5 seconds each. */
  unknownKeys: 10_000,
  /** Latest progress values kept in memory, one per event. */
  progressEntries: 100_000,
} as const;
