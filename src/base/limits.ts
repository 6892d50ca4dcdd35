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
  /** Items in one `sendEvents`, `updateEvents` or list argument of a filter. */
  batchItems: 5_000,
  /** `first`, `last` and `pageSize`. */
  pageSize: 1_000,
  /** `first` and `last` unless given. */
  defaultPageSize: 50,
  /** Where counts stop. */
  countCeiling: 25_000,
  /** Rows that a filter which no index serves reads for one page, before it hands back a cursor to go on from. */
  scanRows: 50_000,
  /** Events that `eventChain` and the two chain logs return at most. */
  chainEvents: 10_000,
  /** Dependents that one level of a query may ask for: the parents times the size of the page for each. */
  dependentRows: 100_000,
  /** Writes that wait for the log writer before callers get OVERLOADED. */
  writeQueue: 20_000,
  /** JSON text that waits for the log writer, in bytes, before callers get OVERLOADED. */
  writeQueueBytes: 134_217_728,
  /** Writes that one flush of the log writer takes at most. */
  flushItems: 1_000,
  /** JSON text that one flush takes at most, in bytes (a single larger write still goes, alone). */
  flushBytes: 8_388_608,
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
  /** Subscriptions that are open at once on one WebSocket. */
  subscriptionsPerSocket: 1_000,
  /** Bytes that may wait to be sent to one subscriber before it counts as too slow. */
  subscriberBufferBytes: 4_194_304,
  /** Changes that may wait for one subscriber before it counts as too slow. */
  subscriberBufferItems: 10_000,
  /** Last progress values kept in memory, one per event. */
  progressEntries: 100_000,
} as const;
