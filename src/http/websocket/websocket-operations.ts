// The graphql-transport-ws operations of one socket: authenticates the connection, and executes each `subscribe`.
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context, ServerOptions, SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { asError, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isShareable } from '../../graphql/live/shared-operation.ts';
import type { Caller } from '../../operations/callers.ts';
import { closeCodes } from './close-codes.ts';
import { type Authenticator, type Identity, keyOfConnectionParams } from '../credentials.ts';
import type { GraphQLServer } from '../graphql/graphql.ts';
import type { DocumentLookup } from '../graphql/document-lookup.ts';
import { operationNameOf } from '../graphql/graphql-params.ts';
import type { Pace } from '../pace.ts';
import type { RequestLimits } from '../request-limits.ts';
import { Presence } from '../presence.ts';
import { asksForCost } from '../graphql/operation-limits.ts';
import { exceptRefusals, type MaskError, publicError, publicResult } from '../graphql/public-errors.ts';
import type { Direct, SubscriptionSource } from '../graphql/subscription-source.ts';

/** What is known of one socket. */
export interface SocketState {
  readonly socket: WebSocket;
  /** The key that the upgrade request had in its headers. */
  readonly headerKey: string | null;
  /** The remote address. */
  readonly address: string;
  /** Whose socket it is, once its key was accepted. */
  identity?: Identity;
  /** Called when a key was accepted, also for one that replaces another. */
  readonly accepted: (identity: Identity) => void;
  /** Once its key was accepted. */
  caller?: Caller;
  /** Of the operations that are executed and not yet answered, by their ids. */
  readonly present: Map<string, Asked>;
  readonly pace: Pace;
  /** The last look-up of a key that a ping carried. */
  keyChange?: Promise<boolean>;
}

/** An id may be reused once its operation is complete; the subscribed payload distinguishes the two. */
interface Asked {
  readonly payload: SubscribePayload;
  readonly presence: Presence;
}

export interface OperationOptions {
  readonly server: GraphQLServer;
  readonly documents: DocumentLookup;
  readonly authenticator: Authenticator;
  readonly requestLimits: RequestLimits;
  readonly subscriptions: SubscriptionSource;
  readonly maskError: MaskError;
}

type Params = Record<string, unknown> | undefined;
type SocketContext = Context<Params, SocketState>;
type Results = ExecutionResult | AsyncIterableIterator<ExecutionResult>;

/** Travels from `onSubscribe` to `execute` or `subscribe` in the place of a root value. */
interface Prepared {
  readonly execute: () => Promise<Results>;
  readonly subscribe: () => Promise<Results>;
}

/** Parsing, validation and execution are those of HTTP, with the same limits and caches. */
export function operationHandlers(options: OperationOptions): ServerOptions<Params, SocketState> {
  const mask = exceptRefusals(options.maskError);
  return {
    onConnect: (context) => accept(context, options),
    onSubscribe: (context, id, payload) => prepare(options, context, id, payload),
    execute: ({ rootValue }) => orErrors(mask, (rootValue as Prepared).execute),
    subscribe: ({ rootValue }) => orErrors(mask, (rootValue as Prepared).subscribe),
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors ? publicResult(result as ExecutionResult) : undefined,
    onComplete: ({ extra }, id, payload) => answered(extra, id, payload),
    onError: ({ extra }, _id, _payload, errors) => {
      closeIfSlow(extra.socket, errors[0]);
      return errors.map((error) => publicError(mask(error)));
    },
  };
}

/** The connection parameters' key, else the upgrade request's. */
async function accept(
  { connectionParams, extra }: SocketContext,
  { authenticator, requestLimits }: OperationOptions,
): Promise<boolean> {
  const key = keyOfConnectionParams(connectionParams) ?? extra.headerKey;
  const identity = key === null ? null : await authenticator.authenticate(key);
  if (identity === null) {
    requestLimits.refuseWrongKey(extra.address);
    return false;
  }
  take(extra, identity);
  return true;
}

function take(state: SocketState, identity: Identity): void {
  const { name, keyId, scopes, rows, expiresAt } = identity;
  state.identity = identity;
  state.caller = { name, keyId, scopes, rows, expiresAt, address: state.address, requestId: null };
  state.accepted(identity);
}

type KeyOptions = Pick<OperationOptions, 'authenticator' | 'requestLimits'>;

/**
 * The payload of the pong. A ping that carries a key or token, as connection parameters do, gives the socket another one
 * of the same name and grants, so that its subscriptions outlive the one before. A socket that tries too many wrong ones is
 * closed.
 */
export async function answerPing(
  state: SocketState,
  payload: Record<string, unknown> | undefined,
  options: KeyOptions,
): Promise<Record<string, unknown> | undefined> {
  const key = keyOfConnectionParams(payload);
  if (key === null) return payload;
  const { socket } = state;
  // One look-up at a time, and nothing is read until the last is done: pings cannot pile up.
  socket.pause();
  const change = (state.keyChange ?? Promise.resolve()).then(() => changeKey(state, key, options));
  state.keyChange = change;
  try {
    return { authorized: await change };
  } finally {
    if (state.keyChange === change) socket.resume();
  }
}

/** Whether the socket has this key now. Never rejects. */
async function changeKey(state: SocketState, key: string, options: KeyOptions): Promise<boolean> {
  const { socket, address, identity: before } = state;
  if (socket.readyState !== socket.OPEN) return false;
  // Undefined while the database is away: the key may be right.
  const identity = await Promise.resolve(options.authenticator.authenticate(key)).catch(() => undefined);
  if (identity === null && options.requestLimits.refuseWrongKey(address) !== null)
    socket.close(closeCodes.forbidden, 'Too many wrong keys');
  if (identity == null || before === undefined || grantsText(identity) !== grantsText(before)) return false;
  take(state, identity);
  return true;
}

function grantsText({ name, scopes, rows }: Identity): string {
  const { projects = null, topics = null, requestIds = null } = rows ?? {};
  return JSON.stringify([
    name,
    ...[scopes, projects, topics, requestIds].map((list) => list && [...list].sort()),
  ]);
}

/** The operation ready to run, or what is wrong with its document. */
function prepare(
  { server, documents, subscriptions, requestLimits }: OperationOptions,
  { extra, subscriptions: open }: SocketContext,
  id: string,
  payload: SubscribePayload,
): ExecutionArgs | readonly GraphQLError[] {
  const { socket } = extra;
  const { variables = null, extensions } = payload;
  const operationName = operationNameOf(payload.operationName) ?? null;
  const presence = new Presence();
  const caller = extra.caller && withPresence(extra.caller, presence);
  if (caller === undefined || Object.keys(open).length > limits.subscriptionsPerSocket) return [tooMany()];
  try {
    const { refusal } = requestLimits.admit(extra.identity!, extra.address);
    if (refusal !== null) throw refusal;
    const query = documents.find(payload, caller) as string;
    const { schema, parse, validate, contextFactory, execute } = server.getEnveloped({
      caller,
      params: { extensions },
    });
    const document = parse(query);
    const errors: readonly GraphQLError[] = validate(schema, document);
    if (errors.length > 0) return errors;
    const args = { schema, document, operationName, variableValues: variables };
    const prepared: Prepared = {
      execute: async () => {
        extra.present.set(id, { payload, presence });
        const leave = requestLimits.enter(extra.identity!);
        try {
          return await execute({ ...args, contextValue: await contextFactory() });
        } finally {
          leave();
        }
      },
      subscribe: async () => {
        const tellsCost = asksForCost(extensions);
        const request = { document, operationName, variables, caller, tellsCost };
        const results = await subscriptions.subscribe(request, directTo(socket, id));
        const isPaced = Symbol.asyncIterator in results && !isShareable(schema, request);
        return isPaced ? extra.pace.keep(results) : results;
      },
    };
    return { ...args, contextValue: undefined, rootValue: prepared };
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: asError(error) })];
  }
}

/** Gone is who closes the socket, or completes the operation, before it was answered. */
function withPresence(caller: Caller, presence: Presence): Caller {
  return {
    ...caller,
    get signal() {
      return presence.signal;
    },
  };
}

/** The answer was sent, unless the socket had begun to close before. */
function answered({ present, socket }: SocketState, id: string, payload: SubscribePayload): void {
  const asked = present.get(id);
  if (asked?.payload !== payload) return;
  if (socket.readyState !== socket.OPEN) asked.presence.leave();
  present.delete(id);
}

async function orErrors(mask: MaskError, run: () => Promise<Results>): Promise<Results> {
  try {
    return await run();
  } catch (error) {
    return { errors: [mask(error)] };
  }
}

function tooMany(): GraphQLError {
  const message = `This socket has ${limits.subscriptionsPerSocket} operations open, the most it may have; open another.`;
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}

/** Sends payloads past graphql-ws: the text that many subscribers share is serialised once, and only framed here. */
function directTo(socket: WebSocket, id: string): Direct {
  return (payload) => {
    if (socket.readyState !== socket.OPEN) return true;
    if (socket.bufferedAmount > limits.subscriberBufferBytes) return false;
    socket.send(nextMessage(id, payload), asText);
    return true;
  };
}

const asText = { binary: false };
let latest = { id: '', payload: '', message: Buffer.alloc(0) };

/** The bytes are those of the subscriber before where it has chosen the same id, as clients do that count from 1. */
function nextMessage(id: string, payload: string): Buffer {
  if (latest.payload !== payload || latest.id !== id) {
    const message = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":${payload}}`);
    latest = { id, payload, message };
  }
  return latest.message;
}

/** After its error message: the socket of a slow subscriber is full, and holding it open would help nobody. */
function closeIfSlow(socket: WebSocket, error: unknown): void {
  const thrown = error instanceof GraphQLError ? error.originalError : undefined;
  if (!(thrown instanceof ThroughlineError) || thrown.code !== 'SLOW_SUBSCRIBER') return;
  const { position } = thrown.details;
  const reason = typeof position === 'string' ? `Too slow; last position ${position}` : 'Too slow';
  setImmediate(() => socket.close(closeCodes.tooSlow, reason));
}
