// The WebSocket endpoint: upgrades, the graphql-transport-ws protocol, heart-beats, and closing all sockets at stop.
import { once as eventOnce } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { once, type Stoppable } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { closeCodes } from './close-codes.ts';
import { serveSocket } from './websocket-connection.ts';
import { type OperationOptions, operationHandlers } from './websocket-operations.ts';

export interface WebSocketOptions extends OperationOptions {
  readonly maxBodyBytes: number;
  readonly logger: Logger;
  /** How long a socket may be open without `connection_init`; 10 seconds unless given. */
  readonly initTimeoutMs?: number;
  /** How often a socket is pinged; one that has not answered by the next time is ended. 12 seconds unless given. */
  readonly heartbeatMs?: number;
}

/** How long sockets have to answer that they are closed, when the gateway stops. */
const closeGraceMs = 2_000;

export interface WebSocketEndpoint extends Stoppable {
  /** Takes over a request that asked to become a WebSocket. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

export function createWebSocketEndpoint(options: WebSocketOptions): WebSocketEndpoint {
  const { initTimeoutMs = 10_000, heartbeatMs = 12_000, maxBodyBytes, subscriptions } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxBodyBytes,
    handleProtocols: chosenProtocol,
  });
  const protocol = makeServer({ ...operationHandlers(options), connectionInitWaitTimeout: initTimeoutMs });
  const endHeartbeat = beat(sockets, heartbeatMs);
  return {
    upgrade: (request, stream, head) =>
      sockets.handleUpgrade(request, stream, head, (socket) =>
        serveSocket(socket, request, { ...options, protocol, warm: () => subscriptions.warm() }),
      ),
    stop: once(async () => {
      endHeartbeat();
      await closeAll(sockets);
    }),
  };
}

/**
 * Any protocol is agreed to, since the protocol itself then closes with 4406: refused earlier, a browser would tell its
 * page nothing.
 */
function chosenProtocol(offered: Set<string>): string | false {
  const [first = false] = offered;
  return offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : first;
}

/** A socket whose other end is gone stays silent for ever; a ping without a pong finds it. */
function beat(sockets: WebSocketServer, everyMs: number): () => void {
  let awaited = new Set<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of awaited) socket.terminate();
    awaited = new Set();
    for (const socket of sockets.clients) {
      if (socket.readyState !== socket.OPEN) continue;
      const expecting = awaited.add(socket);
      socket.once('pong', () => expecting.delete(socket));
      socket.ping();
    }
  }, everyMs);
  return () => clearInterval(timer);
}

async function closeAll(sockets: WebSocketServer): Promise<void> {
  const closing = [...sockets.clients].map(async (socket) => {
    const closed = socket.readyState === socket.CLOSED ? undefined : eventOnce(socket, 'close');
    socket.close(closeCodes.goingAway, 'Going away');
    await closed;
  });
  await Promise.race([Promise.allSettled(closing), delay(closeGraceMs, undefined, { ref: false })]);
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
}
