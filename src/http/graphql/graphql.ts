// The GraphQL server behind every transport: schema, limits, caches, error masking, and parsing of HTTP requests.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { execute, type GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { asError, badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import { pauseIfDue } from '../../base/time-slices.ts';
import type { GraphQLContext } from '../../graphql/context.ts';
import { type Caller, internalCaller } from '../../operations/callers.ts';
import type { Identity } from '../credentials.ts';
import { documentCaches, documentLimits } from './document-limits.ts';
import { DocumentLookup } from './document-lookup.ts';
import { EventStreams } from './event-stream.ts';
import { isBatched, useGraphQLParams } from './graphql-params.ts';
import { type AskedExtensions, asksForCost, tellingCost, useOperationLimits } from './operation-limits.ts';
import { exceptRefusals, type MaskError, refusal } from './public-errors.ts';
import type { SubscriptionSource } from './subscription-source.ts';
import { useSafeErrors, withSafeErrors } from './suggestions.ts';
import type { RequestLimitSettings } from '../request-limits.ts';
import { faulty, type TrustedDocuments } from './trusted-documents.ts';

export interface GraphQLOptions {
  readonly schema: GraphQLSchema;
  /** What resolvers are given, made once for each operation. */
  readonly createContext: (caller: Caller) => object;
  /** That of GraphQL.js unless given. */
  readonly execute?: typeof execute;
  readonly subscriptions: SubscriptionSource;
  readonly maskError: MaskError;
  readonly maxBodyBytes: number;
  /** The documents that callers without the scope `admin` may run; null: any. */
  readonly trustedDocuments: TrustedDocuments | null;
  /** Called for each request that is refused for its key. */
  readonly onRefused?: RequestLimitSettings['onRefused'];
  readonly logger: Logger;
}

/** What each operation begins with; `request` is there for HTTP alone. */
export interface OperationStart extends AskedExtensions {
  readonly caller: Caller;
}

interface HttpStart extends OperationStart {
  /** See Identity. */
  readonly onEnd?: Identity['onEnd'];
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Executes operations: called with a node request and response, or through `getEnveloped` by other transports. */
export type GraphQLServer = YogaServerInstance<HttpStart, object>;

export interface GraphQL {
  readonly server: GraphQLServer;
  readonly documents: DocumentLookup;
  /** That of the options, as callers may see it. */
  readonly subscriptions: SubscriptionSource;
  readonly streams: EventStreams;
  /** Rejects with a StartupError for a trusted document that cannot be served. Takes about a millisecond for each. */
  check(): Promise<void>;
}

/** Where GraphQL is served. */
export const graphqlPath = '/graphql';

/**
 * Reading the body, CORS, keys and the GraphiQL page are ours (the request reader here, CORS in cors.ts, the rest in
 * graphql-endpoint.ts), so that Yoga's own are off. There is no CSRF plugin, for the reason given in credentials.ts.
 */
export function createGraphQL(options: GraphQLOptions): GraphQL {
  const { trustedDocuments } = options;
  const streams = new EventStreams(options.logger);
  const documents = new DocumentLookup(trustedDocuments, options.onRefused);
  const subscriptions = withSafeErrors(tellingCost(options.subscriptions, options.schema), documents);
  const server = createYoga<HttpStart, object>({
    schema: options.schema,
    graphqlEndpoint: graphqlPath,
    context: ({ caller }) => options.createContext(caller),
    batching: { limit: limits.requestBatch },
    maskedErrors: { maskError: exceptRefusals(options.maskError) },
    parserAndValidationCache: documentCaches(),
    plugins: [
      useExecutor(options.execute ?? execute),
      useOperationLimits,
      useUnanswered,
      useSafeErrors(documents),
      useGraphQLParams(options.maxBodyBytes, documents),
      ...documentLimits(),
      useSubscriptionSource(subscriptions),
      streams.plugin(),
    ],
    maxRequestBodySize: false,
    multipart: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
  answerInBytes(server);
  const check = () => checkTrusted(server, trustedDocuments ?? new Map());
  return { server, documents, subscriptions, streams, check };
}

async function checkTrusted(server: GraphQLServer, documents: TrustedDocuments): Promise<void> {
  const { schema, parse, validate } = server.getEnveloped({ caller: internalCaller('start') });
  for (const [hash, text] of documents) {
    try {
      const [error] = validate(schema, parse(text));
      if (error) throw error;
    } catch (error) {
      throw faulty(`has a document that cannot be served, ${hash}: ${asError(error).message}`);
    }
    await pauseIfDue();
  }
}

/** From how many characters on an answer goes out as bytes. */
const largeCharacters = 65_536;

/** What was taken for a caller whose answer has failed is given back. */
const useUnanswered: Plugin<Partial<GraphQLContext>> = {
  onExecute: ({ args }) => ({
    onExecuteDone({ result }) {
      if (!isAsyncIterable(result)) args.contextValue.unanswered?.settle(result);
    },
  }),
};

/**
 * A text is held beside its bytes for as long as the client does not read them, and Node makes room for three times as many
 * to encode it.
 */
function answerInBytes({ fetchAPI }: GraphQLServer): void {
  const { Response } = fetchAPI;
  fetchAPI.Response = class extends Response {
    constructor(body?: BodyInit | null, init?: ResponseInit) {
      const isLarge = typeof body === 'string' && body.length >= largeCharacters;
      super(isLarge ? Buffer.from(body) : body, init);
    }
  };
}

/** Yoga's own executor takes every object with a key `then` for a promise: a caller's JSON, and a field with that alias. */
function useExecutor(executor: typeof execute): Plugin {
  return { onExecute: ({ setExecuteFn }) => setExecuteFn(executor) };
}

/** Subscriptions over HTTP go to the same executions as those over WebSockets. */
function useSubscriptionSource(source: SubscriptionSource): Plugin<OperationStart> {
  return {
    onSubscribe({ args, setSubscribeFn, setResultAndStopExecution }) {
      const { caller, request, params } = args.contextValue;
      if (isBatched(request)) return setResultAndStopExecution({ errors: [unbatchable()] });
      setSubscribeFn(() =>
        source.subscribe({
          document: args.document,
          operationName: args.operationName ?? null,
          variables: args.variableValues ?? null,
          caller,
          tellsCost: asksForCost(params?.extensions),
        }),
      );
    },
  };
}

function unbatchable() {
  return refusal(badInput('A subscription cannot be part of a batch; send it in a request of its own.'));
}
