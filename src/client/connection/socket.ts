// Subscriptions over one WebSocket, which is opened when the first one begins and closed some time after the last one.
import { type Client as SocketClient, createClient } from 'graphql-ws';
import { errorOf, type ResponseError, ThroughlineError, unreachable } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import { type OpenStream, StreamBuffer, type StreamOptions } from './stream.ts';

export interface SocketSettings {
  /** The URL of `/graphql`, with http or https. */
  readonly url: string;
  readonly credentials: Credentials;
  /** A class like the browsers' WebSocket. */
  readonly webSocket: unknown;
}

/** How long an unused socket stays open, in milliseconds. */
const lingerMs = 1_000;
/** A gateway that does not answer a ping for so long is given up, in milliseconds. */
const pongMs = 10_000;

export class SocketStreams {
  readonly #client: SocketClient;
  readonly #opened = new Set<() => void>();
  #isConnected = false;

  constructor({ url, credentials, webSocket }: SocketSettings) {
    let silence: ReturnType<typeof setTimeout> | undefined;
    let socket: { close(code: number, reason: string): void } | undefined;
    this.#client = createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: webSocket,
      connectionParams: async () => {
        const authorization = await credentials.authorization();
        return authorization ? { authorization } : {};
      },
      // A client that retries by itself would repeat the position from which it began.
      retryAttempts: 0,
      lazyCloseTimeout: lingerMs,
      keepAlive: pongMs,
      connectionAckWaitTimeout: pongMs,
      on: {
        connected: (connected) => {
          socket = connected as typeof socket;
          this.#isConnected = true;
          for (const onOpen of this.#opened) onOpen();
          this.#opened.clear();
        },
        ping: (received) => {
          if (!received) silence = setTimeout(() => socket?.close(4408, 'no pong'), pongMs);
        },
        pong: (received) => {
          if (received) clearTimeout(silence);
        },
        closed: () => {
          clearTimeout(silence);
          this.#isConnected = false;
        },
      },
    });
  }

  readonly open: OpenStream = <Data>(query: string, variables: object, options: StreamOptions) =>
    this.#results<Data>({ query, variables: { ...variables } }, options);

  async *#results<Data>(
    payload: { query: string; variables: Record<string, unknown> },
    { signal, onOpen }: StreamOptions,
  ): AsyncGenerator<Data> {
    if (signal.aborted) return;
    const buffer = new StreamBuffer<Data>();
    if (this.#isConnected) onOpen();
    else this.#opened.add(onOpen);
    const unsubscribe = this.#client.subscribe<Data>(payload, {
      next: ({ data, errors }) => {
        if (errors?.[0]) buffer.end(errorOf(errors[0]));
        else if (!buffer.push(data as Data)) unsubscribe();
      },
      error: (failure) => buffer.end(failureOf(failure)),
      complete: () => buffer.end(),
    });
    const end = () => buffer.end();
    signal.addEventListener('abort', end);
    try {
      yield* buffer;
    } finally {
      signal.removeEventListener('abort', end);
      this.#opened.delete(onOpen);
      unsubscribe();
    }
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }
}

/** Of errors in a response, of a close code, of a connection that could not be made. */
function failureOf(failure: unknown): ThroughlineError {
  if (failure instanceof ThroughlineError) return failure;
  if (Array.isArray(failure)) return errorOf(failure[0] as ResponseError);
  const { code, reason } = failure as { code?: unknown; reason?: unknown };
  if (code === 4403)
    return new ThroughlineError('UNAUTHENTICATED', String(reason || 'The key is not valid.'));
  if (code === 4290) return new ThroughlineError('SLOW_SUBSCRIBER', 'The client read too slowly.');
  const what = code === undefined ? 'The WebSocket failed.' : `The WebSocket was closed with ${code}.`;
  return unreachable(what, failure);
}
