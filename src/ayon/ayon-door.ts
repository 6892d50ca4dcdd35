// AYON's protocol below one path: keys, limits of requests, routes and WebSockets.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../http/json-response.ts';
import { presenceOf } from '../http/presence.ts';
import { callerOf } from '../http/request-caller.ts';
import { readBody } from '../http/request-body.ts';
import { pathOf } from '../http/request-target.ts';
import type { Door, DoorParts, OpenDoor } from '../http/route.ts';
import { RequestIds } from '../http/trace.ts';
import { rowsOf } from '../operations/access/access.ts';
import type { Audit } from '../operations/access/audit.ts';
import { auditOperations } from '../operations/access/audited-operations.ts';
import { guard } from '../operations/access/guarded-operations.ts';
import type { Identity } from '../operations/access/credential.ts';
import type { Operations } from '../operations/operations.ts';
import { AyonRefusal, refusalOf, sendNothing, sendRefusal } from './answers.ts';
import type { FeedParts } from './live/event-feed.ts';
import { AyonSockets, type SocketsOptions } from './live/sockets.ts';
import { keyOf, requestOf } from './request.ts';
import { noRoute, publicAnswers, routeOf, routes } from './routes.ts';

export interface AyonParts extends SocketsOptions, Pick<FeedParts, 'live' | 'watching'> {
  /** Begins with a slash and ends without one. */
  readonly path: string;
  readonly operations: Operations;
  /** Logs an unexpected failure, and answers its id. */
  readonly report: (error: unknown) => string;
  /** Records what callers change in bulk, and what they are refused. */
  readonly audit: Audit;
}

export function ayonDoor(parts: AyonParts): OpenDoor {
  return (given): Door => {
    const sockets = new AyonSockets({ ...parts, ...given }, parts);
    const requests = new AyonRequests(parts, given);
    return {
      path: parts.path,
      socketPath: `${parts.path}/ws`,
      methods: 'GET, POST, PATCH, DELETE',
      answer: (request, response) => requests.answer(request, response),
      upgrade: (request, stream, head) => sockets.upgrade(request, stream, head),
      stop: () => sockets.stop(),
    };
  };
}

class AyonRequests {
  readonly #parts: AyonParts;
  readonly #given: DoorParts;
  readonly #requestIds = new RequestIds();

  constructor(parts: AyonParts, given: DoorParts) {
    this.#parts = parts;
    this.#given = given;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      this.#refuse(error, response);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const path = pathOf(request).slice(this.#parts.path.length).replace(/\/+$/, '') || '/';
    const open = publicAnswers[`${method} ${path}`];
    if (open) return sendJson(response, 200, open());
    const address = request.socket.remoteAddress ?? null;
    const identity = await this.#identityOf(request);
    this.#admit(identity, address, response);
    const { name, id } = routeOf(method, path);
    const handle = routes[name];
    if (handle === undefined) throw noRoute(method, path);
    const readRequestId = () => this.#requestIds.of(request.headers);
    // AYON does not have the gateway's own events, so they are hidden here also from callers that may read them.
    const rows = rowsOf({ scopes: [], rows: identity.rows });
    const caller = callerOf({ ...identity, rows, address }, presenceOf(response), response, readRequestId);
    const { operations, audit } = this.#parts;
    const audited = auditOperations(guard(operations, caller), caller, audit);
    const ayonRequest = requestOf(request.headers, caller, audited);
    const body = () => readBody(request, response, this.#given.maxBodyBytes);
    const answer = await handle(ayonRequest, { id, body }, this.#parts);
    if (answer === undefined) sendNothing(response);
    else sendJson(response, 200, answer);
  }

  /** Before the body is read. */
  async #identityOf(request: IncomingMessage): Promise<Identity> {
    const key = keyOf(request.headers);
    const identity = key === null ? null : await this.#given.authenticator.authenticate(key);
    if (identity !== null) return identity;
    // Clients try a key as Bearer first; that is no guess at keys.
    const isTrial = key === null && /^bearer /i.test(request.headers.authorization ?? '');
    const tooMany = isTrial
      ? null
      : this.#given.requestLimits.refuseWrongKey(request.socket.remoteAddress ?? '');
    if (tooMany !== null) throw tooMany;
    throw new AyonRefusal(401, 'A known key is needed, as `X-Api-Key: KEY` or `Authorization: ApiKey KEY`.');
  }

  #admit(identity: Identity, address: string | null, response: ServerResponse): void {
    const { requestLimits } = this.#given;
    const { refusal, headers } = requestLimits.admit(identity, address);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (refusal !== null) throw refusal;
    response.once('close', requestLimits.enter(identity));
  }

  #refuse(error: unknown, response: ServerResponse): void {
    if (response.headersSent) return void response.destroy();
    const refusal = refusalOf(error);
    if (refusal !== null) {
      const retryAfter = (error as { details?: { retryAfterSeconds?: unknown } }).details?.retryAfterSeconds;
      if (refusal.status === 429) response.setHeader('Retry-After', String(retryAfter ?? 1));
      return sendRefusal(response, refusal);
    }
    const errorId = this.#parts.report(error);
    const detail = 'Something failed; the gateway’s log has the details.';
    sendRefusal(response, new AyonRefusal(500, detail, { errorId }));
  }
}
