// One WebSocket connection: incoming messages, outgoing results, and the bounds on buffered data.
import type { IncomingMessage } from 'node:http';
import type { Server as ProtocolServer } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import { closeCodes } from './close-codes.ts';
import { type Authenticator, type Identity, keyOfHeaders } from '../credentials.ts';
import { parseJson } from '../json-text.ts';
import { Pace } from '../pace.ts';
import type { RequestLimits } from '../request-limits.ts';
import { answerPing, type SocketState } from './websocket-operations.ts';

/** Bytes that a socket may send before its key was accepted. */
const bytesBeforeKey = 65_536;

/** How long a client has to close its side after its key has ended, in milliseconds. */
const closeGraceMs = 1_000;

const clientMessages = new Set<unknown>(['connection_init', 'ping', 'pong', 'subscribe', 'complete']);

export interface ConnectionOptions {
  readonly protocol: ProtocolServer<SocketState>;
  /** See SubscriptionSource. */
  readonly warm: () => () => void;
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly requestLimits: RequestLimits;
}

/** Speaks the protocol on a socket that was just opened. */
export function serveSocket(socket: WebSocket, request: IncomingMessage, options: ConnectionOptions): void {
  const { protocol, warm, logger } = options;
  const unguard = guardUntilKey(socket, request);
  const present: SocketState['present'] = new Map();
  let release: (() => void) | undefined;
  let stopWatching: (() => void) | undefined;
  let isRefused = false;
  function accepted({ onEnd }: Identity): void {
    unguard();
    if (socket.readyState !== socket.OPEN) return;
    release ??= warm();
    stopWatching?.();
    stopWatching = onEnd?.(refuse);
  }
  /** The key works no longer: nothing that the client still sends is executed. */
  function refuse(): void {
    isRefused = true;
    for (const { presence } of present.values()) presence.leave();
    socket.close(closeCodes.forbidden, 'The key works no longer');
    setTimeout(() => socket.terminate(), closeGraceMs).unref();
  }
  function fail(error: unknown): void {
    const isGone = socket.readyState !== socket.OPEN;
    logger[isGone ? 'debug' : 'error']({ err: error }, 'a WebSocket failed');
    socket.close(closeCodes.internal, 'Internal server error');
  }
  // ws closes the socket by itself, with the code that fits: 1009 for a message too big, 1002 or 1007 for a bad frame.
  socket.on('error', (error) => logger.debug({ err: error }, 'a WebSocket broke off'));
  const state: SocketState = {
    ...{ socket, accepted, present },
    headerKey: keyOfHeaders(request.headers),
    address: request.socket.remoteAddress ?? '',
    pace: new Pace(socket),
  };
  const send = sender(socket);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send,
      onPing: async (payload) =>
        send(JSON.stringify({ type: 'pong', payload: await answerPing(state, payload, options) })),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) =>
        socket.on('message', (data, isBinary) => {
          if (isRefused) return;
          pauseWhileFull(socket, request);
          const message = parsed(data, isBinary);
          if (message === undefined) return socket.close(closeCodes.badRequest, 'Invalid message received');
          if ('id' in message && message.type === 'complete')
            present.get(String(message.id))?.presence.leave();
          // graphql-ws parses what is a string, and takes what is not as parsed.
          handle(message as unknown as string).catch(fail);
        }),
    },
    state,
  );
  socket.on('ping', () => pauseWhileFull(socket, request));
  socket.once('close', (code, reason) => {
    unguard();
    release?.();
    stopWatching?.();
    for (const { presence } of present.values()) presence.leave();
    closed(code, String(reason)).catch((error: unknown) =>
      logger.error({ err: error }, 'a WebSocket did not end well'),
    );
  });
}

/**
 * What cannot be sent any more is nobody's failure: the socket broke off. Who sends waits for its end, which ends all
 * that is sent to it.
 */
function sender(socket: WebSocket): (text: string) => Promise<void> {
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return (text) =>
    socket.readyState === socket.OPEN
      ? new Promise((resolve) => socket.send(text, (error) => resolve(error ? gone : undefined)))
      : gone;
}

function parsed(data: RawData, isBinary: boolean): { readonly type: unknown } | undefined {
  if (isBinary) return undefined;
  try {
    const message = parseJson(String(data));
    if (typeof message !== 'object' || message === null || !('type' in message)) return undefined;
    return clientMessages.has(message.type) ? withDocument(message) : undefined;
  } catch {
    return undefined;
  }
}

/** The protocol requires a document; one that is named by its hash alone is found later. */
function withDocument(message: { readonly type: unknown }): { readonly type: unknown } {
  const { payload } = message as {
    readonly payload?: {
      readonly query?: unknown;
      readonly documentId?: unknown;
      readonly extensions?: unknown;
    } | null;
  };
  if (message.type !== 'subscribe' || typeof payload !== 'object' || payload === null) return message;
  return payload.query == null && (payload.extensions || payload.documentId)
    ? ({ ...message, payload: { ...payload, query: '' } } as typeof message)
    : message;
}

/** A client that does not read what it asked for is not read from either, so that answers to it cannot pile up. */
function pauseWhileFull(socket: WebSocket, request: IncomingMessage): void {
  if (socket.isPaused || socket.bufferedAmount <= limits.subscriberBufferBytes) return;
  socket.pause();
  request.socket.once('drain', () => socket.resume());
}

/** Strangers may not send long messages: until the key is accepted, few bytes are taken. */
function guardUntilKey(socket: WebSocket, request: IncomingMessage): () => void {
  const stream = request.socket;
  const allowed = stream.bytesRead + bytesBeforeKey;
  function check(): void {
    if (stream.bytesRead <= allowed) return;
    stream.off('data', check);
    socket.close(closeCodes.messageTooBig, 'Too much before connection_init');
    setTimeout(() => socket.terminate(), 1_000).unref();
  }
  stream.on('data', check);
  return () => stream.off('data', check);
}
