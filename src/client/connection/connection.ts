// The connection of a client to its gateway: HTTP for requests, and a WebSocket or event streams for subscriptions.
import { Credentials, type GetToken } from './credentials.ts';
import { eventStreams } from './event-stream.ts';
import { HttpConnection, type RequestOptions, type TypedDocument } from './http.ts';
import { SocketStreams } from './socket.ts';
import type { OpenStream, StreamOptions } from './stream.ts';

export interface ConnectionOptions {
  /** The gateway's address, such as `http://localhost:4000`; with or without `/graphql`. */
  readonly url: string;
  /** An API key. */
  readonly key?: string | undefined;
  /** Returns a token instead, such as one that a server made for a browser. */
  readonly getToken?: GetToken | undefined;
  /** How subscriptions travel. Default: over a WebSocket if the platform has one, else as server-sent events. */
  readonly subscriptions?: 'websocket' | 'sse';
  /** A class like the browsers' WebSocket, such as that of the package ws. Default: the platform's. */
  readonly webSocket?: unknown;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
}

export class Connection {
  readonly url: string;
  readonly credentials: Credentials;
  readonly #http: HttpConnection;
  readonly #sockets: SocketStreams | undefined;
  readonly #open: OpenStream;

  constructor(options: ConnectionOptions) {
    const { key, getToken, fetch: send = (...given) => fetch(...given) } = options;
    this.url = `${options.url.replace(/\/+$/, '').replace(/\/graphql$/, '')}/graphql`;
    this.credentials = new Credentials(key, getToken);
    this.#http = new HttpConnection({ url: this.url, credentials: this.credentials, fetch: send });
    const webSocket = options.webSocket ?? (globalThis as { WebSocket?: unknown }).WebSocket;
    const isSocket = (options.subscriptions ?? (webSocket ? 'websocket' : 'sse')) === 'websocket';
    if (isSocket)
      this.#sockets = new SocketStreams({ url: this.url, credentials: this.credentials, webSocket });
    this.#open = this.#sockets?.open ?? eventStreams(this.#http, this.credentials);
  }

  request<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables | Record<string, never>,
    options?: RequestOptions,
  ): Promise<Result> {
    return this.#http.request(document, variables, options);
  }

  /** The results of a subscription until its connection ends; it is not resumed. */
  stream<Data>(
    document: { toString(): string },
    variables: object,
    options: StreamOptions,
  ): AsyncIterable<Data> {
    return this.#open<Data>(document.toString(), variables, options);
  }

  renew(): boolean {
    return this.credentials.renew();
  }

  async close(): Promise<void> {
    await this.#sockets?.close();
  }
}
