// Webhooks over HTTP: any method at `/webhooks/<slug>` and below, without a key. An answer of 202 means stored.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asError, type ErrorCode, errorCatalogue, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import { metaChallenge } from '../../domain/triggers/challenge.ts';
import type { Accepted, Webhook, Webhooks } from '../../triggers/webhooks.ts';
import { headersOf, payloadOf } from './delivery.ts';
import { sendError } from '../json-response.ts';
import { readBytes } from '../request-body.ts';
import { allowOrigin, answerPreflight, isPreflight } from './webhook-origins.ts';

export const webhookPrefix = '/webhooks/';

export type WebhookPort = Pick<Webhooks, 'find' | 'checkHeaders' | 'accept'>;

/** How long a sender should wait that could not be served, in seconds. */
const retryAfterSeconds = 5;

export function createWebhookEndpoint(webhooks: WebhookPort, logger: Logger) {
  const bodies = new BodyBuffer();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('Cache-Control', 'no-cache');
    try {
      await answer(webhooks, bodies, request, response);
    } catch (error) {
      refuse(error, response, logger);
    }
  };
}

/** Cheap checks come first, so that the body of a refused request is not read. */
async function answer(
  webhooks: WebhookPort,
  bodies: BodyBuffer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url = '', method = '' } = request;
  const [path = ''] = url.split('?', 1);
  const [slug = ''] = path.slice(webhookPrefix.length).split('/', 1);
  const webhook = await webhooks.find(slug);
  if (webhook === null) return sendError(response, 404, 'NOT_FOUND', 'There is no webhook here.');
  if (isPreflight(request)) return answerPreflight(webhook.allowedOrigins, request, response);
  allowOrigin(webhook.allowedOrigins, request, response);
  const challenge = metaChallenge(webhook, method, new URLSearchParams(url.slice(path.length)));
  if (challenge !== null) return answerChallenge(challenge, response);
  webhooks.checkHeaders(webhook, headersOf(request));
  const suffix = path.slice(webhookPrefix.length + slug.length + 1);
  const accepted = await bodies.read(request, response, (body) =>
    accept(webhooks, webhook, request, { suffix, body }),
  );
  if (accepted.challenge !== null) return answerChallenge(accepted.challenge, response);
  if (accepted.eventId !== null) response.setHeader('Throughline-Event-Id', accepted.eventId);
  response.writeHead(202, { 'Content-Length': 0 }).end();
}

function accept(
  webhooks: WebhookPort,
  webhook: Webhook,
  request: IncomingMessage,
  { suffix, body }: { readonly suffix: string; readonly body: Buffer },
): Promise<Accepted> {
  return webhooks.accept(webhook, {
    method: request.method ?? '',
    headers: headersOf(request),
    body,
    payload: (pause) => payloadOf(request, { suffix, body, keepCredentials: webhook.keepCredentials }, pause),
  });
}

/** The bodies of all deliveries that are being read or handled: together they take no more memory than the limit. */
class BodyBuffer {
  #bytes = 0;

  async read<Outcome>(
    request: IncomingMessage,
    response: ServerResponse,
    handle: (body: Buffer) => Promise<Outcome>,
  ): Promise<Outcome> {
    let own = 0;
    const count = (bytes: number) => {
      own += bytes;
      this.#bytes += bytes;
      if (this.#bytes > limits.webhookBufferBytes)
        throw new ThroughlineError('OVERLOADED', 'More deliveries come in than the gateway takes at once.');
    };
    try {
      return await handle(await readBytes(request, response, limits.webhookBytes, count));
    } finally {
      this.#bytes -= own;
    }
  }
}

/** Always as plain text, so that no browser renders it as a page. */
function answerChallenge(challenge: string, response: ServerResponse): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(challenge);
}

function refuse(error: unknown, response: ServerResponse, logger: Logger): void {
  const code = codeOf(error) ?? 'INTERNAL_SERVER_ERROR';
  const { status, meaning } = errorCatalogue[code];
  if (status === 503) response.setHeader('Retry-After', retryAfterSeconds);
  if (code === 'RATE_LIMITED') response.setHeader('Retry-After', retryAfterOf(error));
  if (status !== 500) return sendError(response, status, code, asError(error).message);
  logger.error({ err: error }, 'a delivery to a webhook failed');
  sendError(response, status, code, meaning);
}

function retryAfterOf(error: unknown): number {
  const given = error instanceof ThroughlineError ? error.details.retryAfterSeconds : undefined;
  return typeof given === 'number' ? given : retryAfterSeconds;
}

function codeOf(error: unknown): ErrorCode | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : undefined;
}
