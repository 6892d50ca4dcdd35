// Every fixed bound of the gateway, in one place, so that the README and the tests can quote them.

export const limits = {
  /** Length of a topic, in characters. */
  topicLength: 200,
  /** Length of a hash, sender, project, user, request id or node id, in characters. */
  nameLength: 500,
  /** Length of a description, an error message or code, in characters. */
  descriptionLength: 10_000,
  /** Length of an error's stack, in characters. */
  stackLength: 100_000,
  /** Size of a payload, summary or result as JSON text, in bytes. */
  jsonBytes: 1_048_576,
  /** Nesting of objects and lists within a JSON value or a request body. */
  jsonDepth: 100,
  /** How far ahead `sendAt` may lie, in days. */
  sendAheadDays: 3_650,
  /** Items in one `sendEvents`, `updateEvents` or list argument of a filter. */
  batchItems: 5_000,
  /** `first`, `last` and `pageSize`. */
  pageSize: 1_000,
  /** `first` and `last` unless given. */
  defaultPageSize: 50,
  /** JSON of events (summary, payload, result, error) at which a page ends early and lists without pages are refused, in bytes. */
  pageBytes: 8_388_608,
  /** JSON of events that one operation reads or answers in all, in bytes. */
  operationBytes: 16_777_216,
  /** Conditions of one filter, nested ones included. */
  conditions: 100,
  /** Levels of conditions within conditions. */
  conditionDepth: 10,
  /** Length of a condition's key, in characters. */
  conditionKeyLength: 500,
  /** Items in the list that a condition compares with. */
  conditionItems: 1_000,
  /** Length of a pattern that a condition compares with by LIKE, in characters. */
  likeLength: 500,
  /** Length of a CEL filter, in characters. */
  celLength: 2_048,
  /** Names, values, operators and calls of a CEL filter. */
  celNodes: 500,
  /** Levels of them within each other. */
  celDepth: 50,
  /** Macros (all, exists, exists_one, map, filter, sortBy) within each other. */
  celMacros: 2,
  /** Length of a pattern of `matches`, in characters. */
  celPatternLength: 1_000,
  /** Size of such a pattern with its repetitions written out, in instructions. */
  celPatternSize: 5_000,
  /** Steps, of about a tenth of a microsecond, that one evaluation of a filter (CEL, or conditions in memory) may take. */
  celCost: 1_000_000,
  /** Steps that the live filters of one caller may take together for one change. */
  filterSteps: 5_000_000,
  /** Memory of changes that wait for live filters, in one gateway, in bytes; beyond it the subscriptions that are furthest behind end. */
  filterBacklogBytes: 67_108_864,
  /** Events that a filter in CEL is tested on for one page, before it hands back a cursor to go on from. */
  celRows: 10_000,
  /** How long the tests of payloads, summaries and descriptions for one page or count may take, in milliseconds, before it hands back a cursor to go on from. */
  testMs: 5_000,
  /** Compiled CEL filters that are kept, beside those in use. */
  celFilters: 2_000,
  /** Compiled patterns that are kept of those which come out of events. */
  celPatterns: 500,
  /** Where counts stop. */
  countCap: 25_000,
  /** Rows that a filter which no index serves reads for one page, before it hands back a cursor to go on from. */
  scanRows: 50_000,
  /** Events that `eventChain` and the two chain logs return at most. */
  chainEvents: 10_000,
  /** Dependents that one level of a query may ask for: the parents times the size of the page for each. */
  dependentRows: 100_000,
  /** Levels of handlers' runs within one another. */
  chainDepth: 32,
  /** Runs of handlers that belong to one request. */
  requestRuns: 1_000,
  /** How long a run of a handler may take where neither the handler nor the settings say so, in milliseconds. */
  handlerTimeoutMs: 30_000,
  /** How long a handler may say that its runs may take, in milliseconds. */
  maxHandlerTimeoutMs: 3_600_000,
  /** Events that a bulk mutation handles at a time; between two such batches other writes have their turn. */
  bulkBatch: 500,
  /** Ids that a bulk mutation answers at most. */
  bulkIds: 1_000,
  /** Writes of a kind (sends, changes, claims, …) that wait to be written before callers get OVERLOADED. */
  writeQueue: 20_000,
  /** JSON text of writes of a kind that waits to be written, in bytes, before callers get OVERLOADED. */
  writeQueueBytes: 134_217_728,
  /** Writes of a kind that one flush takes at most. */
  flushItems: 1_000,
  /** JSON text of writes of a kind that one flush takes at most, in bytes (a single larger write still goes, as the only one of its kind). */
  flushBytes: 8_388_608,
  /** Source topics, and ignored sender types, of one `enroll`. */
  sourceTopics: 1_000,
  /** Jobs that one `enrollMany` takes at most. */
  claims: 1_000,
  /** The shortest lease, in milliseconds. */
  minLeaseMs: 1_000,
  /** The longest lease, in milliseconds. */
  maxLeaseMs: 3_600_000,
  /** The lease unless given, in milliseconds. */
  defaultLeaseMs: 60_000,
  /** The longest `waitMs` of an enroll, in milliseconds. */
  waitMs: 60_000,
  /** The largest `maxRetries`. */
  maxRetries: 1_000,
  /** The longest `retryDelayMs`, and the longest pause that doubling it leads to, in milliseconds. */
  retryDelayMs: 3_600_000,
  /** The largest `ignoreOlderThanDays`. */
  ignoreOlderThanDays: 36_500,
  /** Entries of the log that one statement of an enroll reads at most; a call goes on with the next. */
  enrollScanRows: 10_000,
  /** Calls of enroll that wait at once in one gateway before further ones get OVERLOADED. */
  waitingEnrolls: 20_000,
  /** Consumers of jobs that one key has made: each set of source topics, target and filters that enrolls is one. */
  consumersPerKey: 5_000,
  /** Consumers of jobs in all. */
  consumers: 10_000,
  /** Days after which a consumer of jobs that nobody uses is removed; used again, it begins at the beginning of the log. */
  consumerDays: 30,
  /** Durable subscriptions that one key has made. */
  durableSubscriptionsPerKey: 10_000,
  /** Durable subscriptions in all. */
  durableSubscriptions: 20_000,
  /** Topics of one `subscribe`. */
  subscriptionTopics: 1_000,
  /** The shortest `visibilityMs` of a subscription, in milliseconds. */
  minVisibilityMs: 1_000,
  /** The longest `visibilityMs`, in milliseconds. */
  maxVisibilityMs: 3_600_000,
  /** `visibilityMs` unless given, in milliseconds. */
  defaultVisibilityMs: 30_000,
  /** The largest `expiresAfterDays` of a subscription. */
  expiresAfterDays: 3_650,
  /** Days after which a subscription expires that nobody asks, unless given. */
  defaultExpiresAfterDays: 30,
  /** Subscriptions that one `nextEvent` names at most. */
  nextEventIds: 100,
  /** The longest `timeoutMs` of a nextEvent, and how long it waits with none, in milliseconds. */
  timeoutMs: 60_000,
  /** Calls of nextEvent that wait at once in one gateway before further ones get OVERLOADED. */
  waitingNextEvents: 20_000,
  /** Entries of the log that are read for a subscription at once, for its next event or a step of its lag. */
  subscriptionScanRows: 10_000,
  /** Body of a delivery to a webhook, in bytes. */
  webhookBytes: 524_288,
  /** Triggers there can be. */
  triggers: 1_000,
  /** Secrets of a webhook that are valid at once. */
  triggerSecrets: 10,
  /** Origins of the pages that may deliver to a webhook from a browser. */
  triggerOrigins: 100,
  /** The largest `toleranceSeconds` of a signature, in seconds. */
  signatureToleranceSeconds: 86_400,
  /** Deliveries to one webhook that a gateway takes per second, on average; further ones get RATE_LIMITED. */
  webhookRate: 500,
  /** Deliveries to one webhook that a gateway takes at once, after a time without any. */
  webhookBurst: 2_000,
  /** Bodies of deliveries to one webhook that a gateway takes per second, on average, in bytes. */
  webhookRateBytes: 8_388_608,
  /** Bodies of deliveries to one webhook that a gateway takes at once, after a time without any, in bytes. */
  webhookBurstBytes: 33_554_432,
  /** Bodies of deliveries that a gateway reads and handles at once, in bytes, before further ones get OVERLOADED. */
  webhookBufferBytes: 67_108_864,
  /** Values in the JSON of a delivery; of one with more only the text is kept. */
  webhookValues: 50_000,
  /** Fields in the form of a delivery; of one with more only the text is kept. */
  webhookFields: 5_000,
  /** Where counting the missed ticks of a schedule stops. */
  missedTicks: 10_000,
  /** Topics that are declared. */
  declaredTopics: 1_000,
  /** Topics that `topics` answers at most. */
  listedTopics: 1_000,
  /** Size of a JSON Schema as JSON text, in bytes. */
  schemaBytes: 131_072,
  /** Parts of a JSON Schema: objects, items of lists other than `enum` and `required`, and tenths of the instructions of patterns. */
  schemaParts: 2_000,
  /** Steps, of about a tenth of a microsecond, that the check of one summary or payload against its schema may take. */
  schemaSteps: 1_000_000,
  /** Schemas whose compiled checks are kept, as JSON text, in bytes. */
  compiledSchemaBytes: 16_777_216,
  /** Where a check against a schema stops to look for failures. */
  schemaFailures: 100,
  /** Length of a text that can be of a format such as `date-time` or `uri`, in characters. */
  schemaFormatLength: 2_048,
  /** Values in a request body or WebSocket message, those within payloads included. */
  bodyValues: 2_000_000,
  /** Items of all lists in an operation's variables, except within JSON values. */
  inputItems: 20_000,
  /** Tokens of a GraphQL document. */
  documentTokens: 5_000,
  /** Levels of fields in a GraphQL document. */
  documentDepth: 16,
  /** Aliases in a GraphQL document. */
  documentAliases: 100,
  /** Directives in a GraphQL document. */
  documentDirectives: 50,
  /** Operations in one batched HTTP request. */
  requestBatch: 10,
  /** Connections beyond `THROUGHLINE_MAX_CONNECTIONS` that are taken for health checks; the oldest makes room for the next. */
  connectionsBeyondCap: 100,
  /** How long a connection may read nothing of what waits to be sent to it before it is cut off, in milliseconds. */
  unreadMs: 30_000,
  /** What may wait to be sent to all connections together, in bytes, before those that have read nothing for longest are cut off. */
  unreadBytes: 134_217_728,
  /** Subscriptions that are open at once on one WebSocket. */
  subscriptionsPerSocket: 1_000,
  /** Subscriptions of one key that are open at once at one gateway, over all its sockets and streams. */
  openSubscriptionsPerKey: 50_000,
  /** Subscriptions that are open at once at one gateway before further ones get OVERLOADED. */
  openSubscriptions: 100_000,
  /** Bytes that may wait to be sent to one subscriber before it counts as too slow. */
  subscriberBufferBytes: 4_194_304,
  /** Changes that may wait for one subscriber before it counts as too slow. */
  subscriberBufferItems: 10_000,
  /** How long a call to the embedded database may take before it fails with DATABASE_UNAVAILABLE, in seconds. */
  embeddedAnswerSeconds: 15,
  /** How long the embedded database may answer nothing, while an answer is overdue, before the gateway ends, in seconds. */
  embeddedSilenceSeconds: 60,
  /** Log lines that wait to be read from a pipe, in bytes, before further ones are dropped and counted. */
  logBytes: 1_048_576,
  /** Last progress values kept in memory, one per event. */
  progressEntries: 100_000,
} as const;
