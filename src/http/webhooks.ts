// Webhooks over HTTP: any method at `/webhooks/<slug>` and below, without a key; what is answered with 202 is stored.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asError, type ErrorCode, errorCatalogue } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import type { Webhooks } from '../triggers/webhooks.ts';
import { headersOf, payloadOf } from './delivery.ts';
import { sendError } from './json-response.ts';
import { readBytes } from './request-body.ts';

export const webhookPrefix = '/webhooks/';

/** How long a sender should wait that could not be served, in seconds. */
const retryAfterSeconds = 5;

export function createWebhookEndpoint(webhooks: Pick<Webhooks, 'find' | 'accept'>, logger: Logger) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('Cache-Control', 'no-cache');
    try {
      await answer(webhooks, request, response);
    } catch (error) {
      refuse(error, response, logger);
    }
  };
}

/** The trigger is looked up first, so that nobody's body is read for nothing. */
async function answer(
  webhooks: Pick<Webhooks, 'find' | 'accept'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  const [slug = ''] = path.slice(webhookPrefix.length).split('/', 1);
  const webhook = await webhooks.find(slug);
  if (webhook === null) return sendError(response, 404, 'NOT_FOUND', 'There is no webhook here.');
  const body = await readBytes(request, response, limits.webhookBytes);
  const suffix = path.slice(webhookPrefix.length + slug.length + 1);
  const eventId = await webhooks.accept(webhook, {
    method: request.method ?? '',
    headers: headersOf(request),
    body,
    payload: () => payloadOf(request, suffix, body),
  });
  if (eventId !== null) response.setHeader('Throughline-Event-Id', eventId);
  response.writeHead(202, { 'Content-Length': 0 }).end();
}

function refuse(error: unknown, response: ServerResponse, logger: Logger): void {
  const code = codeOf(error) ?? 'INTERNAL_SERVER_ERROR';
  const { status, meaning } = errorCatalogue[code];
  if (status === 503) response.setHeader('Retry-After', retryAfterSeconds);
  if (status !== 500) return sendError(response, status, code, asError(error).message);
  logger.error({ err: error }, 'a delivery to a webhook failed');
  sendError(response, status, code, meaning);
}

function codeOf(error: unknown): ErrorCode | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : undefined;
}
