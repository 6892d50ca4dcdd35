// Close codes of WebSockets: those of graphql-transport-ws, of WebSocket itself, and our own.

/** For each code: when it is sent, and what the client should do. */
export const closeCodes = {
  /** The gateway stops. Connect again, and subscribe `after` the last position seen. */
  goingAway: 1001,
  /** A message is longer than the limit of a request body (or of what comes before the key). Send less at once. */
  messageTooBig: 1009,
  /** Our own: a subscriber read too slowly, its buffer was full. Subscribe again `after` the position in the reason. */
  tooSlow: 4290,
  /** A message is not JSON, not of the protocol, or nested too deeply. Correct the client. */
  badRequest: 4400,
  /** `subscribe` came before `connection_ack`. Wait for it. */
  unauthorized: 4401,
  /** The key or token is missing or unknown, or it works no longer: revoked, rotated or expired; or pings tried too many wrong ones. Send one that works as `authorization` in the connection parameters. */
  forbidden: 4403,
  /** The subprotocol is not `graphql-transport-ws`. Ask for it. */
  subprotocolNotAcceptable: 4406,
  /** No `connection_init` came in time. Send it first. */
  initTimeout: 4408,
  /** The id of a `subscribe` is in use. Give each operation its own. */
  subscriberAlreadyExists: 4409,
  /** A second `connection_init`. Send it once. */
  tooManyInits: 4429,
  /** Something failed that should not; the gateway's log has it. Connect again. */
  internal: 4500,
} as const;
