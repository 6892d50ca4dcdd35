// The gateway on its socket: the keys, the core and the HTTP server, in starting order.
import { randomUUID } from 'node:crypto';
import { ayonDoor } from '../ayon/ayon-door.ts';
import { asError } from '../base/errors.ts';
import type { Releasers } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import type { Handler } from '../domain/handlers/handler.ts';
import { executeOperation } from '../graphql/answers/execute-operation.ts';
import { heldAnswers } from '../graphql/answers/held-answers.ts';
import { createContext } from '../graphql/context.ts';
import { toGraphQLError } from '../graphql/errors.ts';
import { SharedSubscriptions } from '../graphql/live/shared-subscriptions.ts';
import { schema } from '../graphql/schema.ts';
import { readTrustedDocuments } from '../http/graphql/trusted-documents.ts';
import { createHttpServer } from '../http/server.ts';
import { Audit } from '../operations/access/audit.ts';
import { createAuthenticate } from '../operations/access/authenticator.ts';
import { makeFirstKey } from '../operations/access/first-key.ts';
import { KnownTokens } from '../operations/access/known-tokens.ts';
import { SigningKeys } from '../operations/access/signing-keys.ts';
import { TokenVerifier } from '../operations/access/token-verifier.ts';
import { Webhooks } from '../triggers/webhooks.ts';
import { startCore } from './start-core.ts';

export interface ServerParts {
  readonly config: Config & { readonly handlers: readonly Handler[] };
  readonly database: Database;
  readonly logger: Logger;
  /** Stores the admin key of a first start, before it exists; if it rejects, the start fails. */
  readonly keepKey?: ((secret: string) => Promise<void>) | undefined;
  /** Stops what was started, also after a failed start. */
  readonly releasers: Releasers;
  /** Called once the database has ended and open calls had time for their last answer. */
  readonly onFailure: (failure: Error) => void;
  /** The clock of schedules, for tests. Default: the machine's. */
  readonly now?: (() => number) | undefined;
}

/** How long open calls may take to receive their last answer after the database failed, in milliseconds. */
const lastAnswersMs = 1_000;

export async function startServer(parts: ServerParts) {
  const { config, database, logger, keepKey = async () => {}, releasers, onFailure, now } = parts;
  const trustedDocuments = await readTrustedDocuments(config.trustedDocumentsFile);
  const report = reporterTo(logger);
  const madeKey = config.adminKey === null ? await makeFirstKey(database, keepKey) : null;
  const core = await startCore({ database, logger, report, handling: config, now });
  releasers.add(() => core.stop());
  const { operations, watching } = core;
  const verifier = new TokenVerifier(new SigningKeys(database), config.foreignIssuer, logger);
  const tokens = new KnownTokens(verifier, core.keys);
  const audit = new Audit(operations, logger);
  const subscriptions = new SharedSubscriptions({ schema, operations, watching, report, audit });
  core.presence.counting(() => subscriptions.openCount);
  let isHealthy = true;
  const server = createHttpServer({
    ...config,
    schema,
    trustedDocuments,
    subscriptions,
    logger,
    authenticator: { authenticate: createAuthenticate(config.adminKey, core.keys, tokens) },
    onRefused: (who, refusal) => void audit.refused(who, refusal),
    webhooks: new Webhooks(database, operations.sendEvent),
    doors: config.ayonPath === null ? [] : [ayonDoor({ ...core, path: config.ayonPath, report, audit })],
    // Subscription contexts come from the shared executions.
    createContext: (caller) =>
      createContext({ caller, operations, watch: watching.live(caller), audit }, heldAnswers),
    execute: executeOperation,
    maskError: (error) => toGraphQLError(error, report),
    healthy: () => isHealthy,
    ready: () => database.reachable(),
  });
  releasers.add(() => server.stop());
  void database.ended.then(async (failure) => {
    isHealthy = false;
    await server.settled(lastAnswersMs);
    onFailure(failure);
  });
  // Comes first, so that waiting calls do not delay the server's stop.
  releasers.add(() => core.answerWaiting());
  return { core, url: await server.start(), madeKey };
}

function reporterTo(logger: Logger) {
  return (error: unknown, errorId: string = randomUUID()): string => {
    logger.error(
      { err: asError(error), errorId },
      'unexpected error; the caller received INTERNAL_SERVER_ERROR',
    );
    return errorId;
  };
}
