// One WebSocket of AYON's protocol: who speaks through it, what it subscribed to, and how far its client is behind.
import type { WebSocket } from 'ws';
import { limits } from '../../base/limits.ts';
import { hasScope } from '../../domain/access/scopes.ts';
import { isWithin } from '../../domain/access/row-scope.ts';
import { isJsonObject } from '../../domain/values/json.ts';
import { rowsOf } from '../../operations/access/access.ts';
import type { Identity } from '../../operations/access/credential.ts';
import type { EventMessage } from './event-messages.ts';

/** What a client says to subscribe. */
export interface Subscription {
  readonly token: string;
  /** Beginnings of topics; `*` is any topic. */
  readonly topics: readonly string[];
  readonly project: string | null;
}

/** Null for everything else that a client may say. */
export function subscriptionOf(text: string): Subscription | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(said)) return null;
  const { topic, token, subscribe = [], project = null } = said;
  if (topic !== 'auth' || typeof token !== 'string') return null;
  const topics: readonly unknown[] | null = Array.isArray(subscribe) ? subscribe : null;
  if (
    topics === null ||
    topics.length > limits.ayonTopics ||
    !topics.every((name) => typeof name === 'string')
  )
    return null;
  return project === null || typeof project === 'string' ? { token, topics, project } : null;
}

const heartbeat = JSON.stringify({ topic: 'heartbeat' });

export class SocketSession {
  readonly #socket: WebSocket;
  #subscription: Subscription | undefined;
  #identity: Identity | undefined;
  #stopWaiting: (() => void) | undefined;
  #sentAt = performance.now();
  #unknown: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get isKnown(): boolean {
    return this.#identity !== undefined;
  }

  /** Replaces what was subscribed before. A null identity gets nothing any more. */
  become(identity: Identity | null, subscription: Subscription): void {
    this.#stopWaiting?.();
    this.#identity = identity ?? undefined;
    this.#subscription = subscription;
    this.#stopWaiting = identity?.onEnd?.(() => this.end());
    this.#sentAt = performance.now();
  }

  /** Closes the socket after so many milliseconds unless its client is known by then. */
  closeUnlessKnown(afterMs: number): void {
    clearTimeout(this.#unknown);
    this.#unknown = setTimeout(() => {
      if (!this.isKnown) this.#socket.close(1000);
    }, afterMs).unref();
  }

  /** The socket has closed, or its key has ended. */
  end(): void {
    clearTimeout(this.#unknown);
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#identity = undefined;
    this.#socket.close(1000);
  }

  hear(message: EventMessage): void {
    if (this.#wants(message)) this.#send(message.text);
  }

  /** Sends a heartbeat if nothing was sent for this long. */
  beat(afterMs: number): void {
    if (this.isKnown && performance.now() - this.#sentAt >= afterMs) this.#send(heartbeat);
  }

  #wants(message: EventMessage): boolean {
    const identity = this.#identity;
    const subscription = this.#subscription;
    if (identity === undefined || subscription === undefined) return false;
    const { topic, project } = message;
    const { topics, project: only } = subscription;
    if (only !== null && project !== null && project !== only) return false;
    const isSubscribed = topics.some((beginning) => beginning === '*' || topic.startsWith(beginning));
    if (!isSubscribed && !topic.startsWith('server.')) return false;
    return (
      hasScope(identity.scopes, 'events:read') &&
      isWithin(rowsOf({ scopes: [], rows: identity.rows }), message)
    );
  }

  /** A client that does not read is cut off, so that nobody waits for it. */
  #send(text: string): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    this.#sentAt = performance.now();
    socket.send(text);
    if (socket.bufferedAmount > limits.subscriberBufferBytes) socket.terminate();
  }
}
