// The HTTP server: its routes, the startup error if it cannot listen, and a bounded, orderly stop.
import { once as eventOnce } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { asError } from '../base/errors.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import { StartupError } from '../database/database.ts';
import { ConnectionCap, type ConnectionLimits } from './connection-cap.ts';
import { Connections } from './connections.ts';
import { consolePath, createConsoleEndpoint, redirectToConsole } from './console/console.ts';
import { Cors } from './cors.ts';
import type { Authenticator } from './credentials.ts';
import { createGraphQL, type GraphQLOptions, graphqlPath } from './graphql/graphql.ts';
import { createGraphQLEndpoint } from './graphql/graphql-endpoint.ts';
import { createHostCheck, hostRefusal } from './host-check.ts';
import { sendError, sendJson } from './json-response.ts';
import { pathOf, toOriginForm } from './request-target.ts';
import { RequestLimits, type RequestLimitSettings } from './request-limits.ts';
import type { OpenDoor, RouteHandler } from './route.ts';
import { UnreadOutput, type UnreadLimits } from './unread-output.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';
import { createWebhookEndpoint, type WebhookPort, webhookPrefix } from './webhooks/webhooks.ts';
import { createWebSocketEndpoint, type WebSocketOptions } from './websocket/websocket.ts';

export interface HttpOptions
  extends
    GraphQLOptions,
    ConnectionLimits,
    Pick<Config, 'port' | 'host' | 'corsOrigins' | 'allowedHosts'>,
    Partial<Pick<Config, 'keyRateLimit' | 'keyConcurrency'>>,
    Pick<RequestLimitSettings, 'onRefused'>,
    Pick<WebSocketOptions, 'initTimeoutMs' | 'heartbeatMs'> {
  readonly authenticator: Authenticator;
  readonly webhooks: WebhookPort;
  /** Other protocols than GraphQL, each below its own path; none unless given. */
  readonly doors?: readonly OpenDoor[];
  /** Whether the process can still serve; once false, only a new start helps. */
  readonly healthy: () => boolean;
  /** Whether the database can be reached now. */
  readonly ready: () => Promise<boolean>;
  /** Those of base/limits.ts unless given. */
  readonly unread?: UnreadLimits | undefined;
}

export interface HttpServer extends Stoppable {
  /** Listens, and returns the URL (without a path). Throws a StartupError if it cannot. */
  start(): Promise<string>;
  /** Resolves when the requests that are open now are answered, or after `ms`. Keeps listening. */
  settled(ms: number): Promise<void>;
}

/** How long requests in flight have to be answered, when the gateway stops. */
const drainMs = 5_000;

export function createHttpServer(options: HttpOptions): HttpServer {
  const { server: graphql, streams, check, ...served } = createGraphQL(options);
  const { keyRateLimit = null, keyConcurrency = null, logger, onRefused } = options;
  const requestLimits = new RequestLimits({ keyRateLimit, keyConcurrency, logger, onRefused });
  const sockets = createWebSocketEndpoint({ ...options, ...served, server: graphql, requestLimits });
  const cors = new Cors(options);
  const doors = (options.doors ?? []).map((open) => open({ ...options, requestLimits }));
  const doorRoutes = doors.map(({ path, answer, methods }) => [path, cors.around(answer, methods)] as const);
  const isKnownHost = createHostCheck(options);
  const routes: ReadonlyMap<string, RouteHandler> = new Map([
    [
      graphqlPath,
      cors.around(createGraphQLEndpoint(graphql, options.authenticator, requestLimits), 'GET, POST'),
    ],
    ['/', onlyGet(redirectToConsole)],
    ['/health', onlyGet((_request, response) => answerHealth(options.healthy(), response))],
    ['/ready', onlyGet((_request, response) => answerReady(options.ready, response))],
  ]);
  const console = onlyGet(createConsoleEndpoint());
  const webhooks = createWebhookEndpoint(options.webhooks, options.logger);
  const server = createServer(timeouts);
  answerHalfClosed(server);
  const connections = new Connections(server);
  const cap = new ConnectionCap(server, options);
  const unread = new UnreadOutput(connections.open, options.logger, options.unread);
  const handlerOf = (request: IncomingMessage) => {
    if (cap.isBeyond(request.socket)) return beyondCap(routes.get(pathOf(request)), pathOf(request));
    if (!isKnownHost(request)) return refuseHost;
    const path = pathOf(request);
    if (path.startsWith(webhookPrefix)) return webhooks;
    if (isBelow(consolePath, path)) return console;
    return routes.get(path) ?? doorRoutes.find(([prefix]) => isBelow(prefix, path))?.[1] ?? notFound;
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    toOriginForm(request);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    void connections.answer(request, response, () =>
      route(handlerOf(request), request, response, options.logger),
    );
  };
  server.on('request', answer);
  server.on('checkContinue', answer);
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    toOriginForm(request);
    if (cap.isBeyond(stream)) return refuseUpgrade(stream, 503, 'OVERLOADED', tooManyConnections);
    if (!isKnownHost(request)) return refuseUpgrade(stream, 421, 'MISDIRECTED_REQUEST', hostRefusal(request));
    const door = doors.find(({ socketPath }) => socketPath === pathOf(request));
    if (door === undefined && pathOf(request) !== graphqlPath)
      return refuseUpgrade(stream, 404, 'NOT_FOUND', `WebSockets are at ${graphqlPath}.`);
    if (!cors.permitsUpgrade(request)) return refuseUpgrade(stream, 403, 'FORBIDDEN', originRefusal);
    connections.upgraded(stream);
    (door ?? sockets).upgrade(request, stream, head);
  });
  return {
    start: () => check().then(() => listen(server, options)),
    settled: (ms) => connections.settled(ms),
    stop: once(async () => {
      const closed = server.listening ? eventOnce(server, 'close') : undefined;
      if (closed !== undefined) server.close();
      streams.endAll();
      const stopping = [sockets, ...doors].map((endpoint) => endpoint.stop());
      await Promise.all([...stopping, connections.drain(drainMs)]);
      await closed;
      unread.stop();
    }),
  };
}

function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** A client that sends its request drop by drop is cut off, so that it holds a connection and nothing else. */
const timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 65_000,
};

/**
 * A client may end its side of the connection after its request and still read the answer (RFC 9112, 9.6). The option of
 * Node's server is not in its types.
 */
function answerHalfClosed(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true });
}

async function route(
  handler: RouteHandler,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): Promise<void> {
  try {
    await handler(request, response);
  } catch (error) {
    logger.error({ err: error, path: pathOf(request) }, 'a request failed outside of GraphQL');
    if (response.headersSent) response.destroy();
    else
      sendError(
        response,
        500,
        'INTERNAL_SERVER_ERROR',
        'Something failed; the gateway’s log has the details.',
      );
  }
}

function onlyGet(handler: RouteHandler): RouteHandler {
  return (request, response) =>
    (request.method === 'GET' || request.method === 'HEAD' ? handler : notFound)(request, response);
}

function notFound(request: IncomingMessage, response: ServerResponse): void {
  const asked = `${request.method} ${pathOf(request).slice(0, 200)}`;
  sendError(response, 404, 'NOT_FOUND', `There is no ${asked}; GraphQL is at ${graphqlPath}.`);
}

function refuseHost(request: IncomingMessage, response: ServerResponse): void {
  sendError(response, 421, 'MISDIRECTED_REQUEST', hostRefusal(request));
}

const originRefusal =
  'Pages of this origin may not open a WebSocket; name the origin in THROUGHLINE_CORS_ORIGINS.';

const tooManyConnections = 'The gateway has as many connections as it takes; try again later.';

/** Of a connection beyond the cap: health checks are answered, and nothing else. */
function beyondCap(handler: RouteHandler | undefined, path: string): RouteHandler {
  return (request, response) => {
    response.setHeader('Connection', 'close');
    if (handler && healthPaths.has(path)) return handler(request, response);
    sendError(response, 503, 'OVERLOADED', tooManyConnections);
  };
}

const healthPaths = new Set(['/health', '/ready']);

function answerHealth(isHealthy: boolean, response: ServerResponse): void {
  sendJson(response, isHealthy ? 200 : 503, { status: isHealthy ? 'ok' : 'failed' });
}

async function answerReady(ready: () => Promise<boolean>, response: ServerResponse): Promise<void> {
  const isReady = await ready().catch(() => false);
  sendJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'unavailable' });
}

async function listen(server: Server, { host, port }: HttpOptions): Promise<string> {
  server.listen(port, host);
  try {
    await eventOnce(server, 'listening');
  } catch (error) {
    throw new StartupError(`Cannot listen on ${authority(host, port)}: ${reason(error)}`, { cause: error });
  }
  return `http://${authority(reachableHost(host), (server.address() as AddressInfo).port)}`;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another program; set PORT to a free one.',
  EACCES: 'this user may not use the port; set PORT to one above 1023.',
  EADDRNOTAVAIL: 'the address is not one of this machine’s; correct HOST.',
  ENOTFOUND: 'unknown host name; correct HOST.',
  EAI_AGAIN: 'the host name cannot be looked up; correct HOST.',
};

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : reasons[code]) ?? asError(error).message;
}

function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Listening everywhere, it can be reached at the loopback address. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
