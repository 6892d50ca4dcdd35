// The WebSocket endpoint of AYON's protocol: who may listen, heartbeats, and closing all sockets at stop.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { once as eventOnce } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { once } from '../../base/lifecycle.ts';
import type { DoorParts } from '../../http/route.ts';
import { EventFeed, type FeedParts } from './event-feed.ts';
import { SocketSession, subscriptionOf } from './socket-session.ts';

export interface SocketsOptions {
  /** How long a socket without a good token stays open, in milliseconds. */
  readonly unknownMs?: number | undefined;
  /** After how long without a message there is a heartbeat, in milliseconds. */
  readonly heartbeatMs?: number | undefined;
}

/** What a client says is short. */
const maxPayload = 262_144;
const closeGraceMs = 2_000;

export class AyonSockets {
  readonly #parts: FeedParts & DoorParts;
  readonly #unknownMs: number;
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload });
  readonly #sessions = new Map<WebSocket, SocketSession>();
  readonly #feed: EventFeed;
  readonly #heartbeats: NodeJS.Timeout;

  constructor(parts: FeedParts & DoorParts, { unknownMs = 3_000, heartbeatMs = 5_000 }: SocketsOptions) {
    this.#parts = parts;
    this.#unknownMs = unknownMs;
    this.#feed = new EventFeed(parts, {
      hear: (message) => {
        for (const session of this.#sessions.values()) session.hear(message);
      },
      lost: () => {
        for (const socket of this.#sessions.keys()) socket.terminate();
      },
    });
    const beat = () => {
      for (const session of this.#sessions.values()) session.beat(heartbeatMs);
    };
    this.#heartbeats = setInterval(beat, heartbeatMs / 5).unref();
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, stream, head, (socket) =>
      this.#serve(socket, request.socket.remoteAddress ?? ''),
    );
  }

  readonly stop = once(async () => {
    clearInterval(this.#heartbeats);
    const closing = [...this.#sessions.keys()].map(async (socket) => {
      const closed = socket.readyState === socket.CLOSED ? undefined : eventOnce(socket, 'close');
      socket.close(1001, 'Going away');
      await closed;
    });
    await Promise.race([Promise.allSettled(closing), delay(closeGraceMs, undefined, { ref: false })]);
    for (const socket of this.#sessions.keys()) socket.terminate();
    this.#server.close();
    this.#feed.stop();
  });

  #serve(socket: WebSocket, address: string): void {
    const session = new SocketSession(socket);
    this.#sessions.set(socket, session);
    session.closeUnlessKnown(this.#unknownMs);
    // One after another, since a later subscription replaces an earlier one; what comes meanwhile is not read.
    let heard = Promise.resolve();
    socket.on('message', (data, isBinary) => {
      const text = isBinary ? '' : textOf(data);
      socket.pause();
      const last = heard.then(() => this.#hear(socket, session, { text, address }));
      heard = last;
      // Resumed after the last one only, so that messages cannot pile up.
      void last.finally(() => heard === last && socket.resume());
    });
    // `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => {
      session.end();
      this.#sessions.delete(socket);
      if (![...this.#sessions.values()].some(({ isKnown }) => isKnown)) this.#feed.stop();
    });
  }

  async #hear(
    socket: WebSocket,
    session: SocketSession,
    { text, address }: { readonly text: string; readonly address: string },
  ): Promise<void> {
    const subscription = subscriptionOf(text);
    if (subscription === null) return;
    const { authenticator, requestLimits, logger } = this.#parts;
    try {
      const identity = await authenticator.authenticate(subscription.token);
      if (identity === null) {
        // Who guesses keys has to connect for each further one.
        if (requestLimits.refuseWrongKey(address) !== null) return socket.close(1000);
      } else if (requestLimits.admit(identity, address).refusal !== null) return;
      if (socket.readyState !== socket.OPEN) return;
      session.become(identity, subscription);
      if (identity === null) session.closeUnlessKnown(this.#unknownMs);
      else this.#feed.start();
    } catch (error) {
      logger.warn({ err: error }, 'the token of a WebSocket could not be looked up');
    }
  }
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
}
