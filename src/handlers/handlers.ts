// The handlers of one gateway, from code and from the app folder, with their runs, settings and listing.
import { asError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { BrokenHandler, Handler, TopicDeclaration } from '../domain/handlers/handler.ts';
import type { JobDispatcher } from '../jobs/job-dispatcher.ts';
import type { Live } from '../live/live.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import type { LogWriter } from '../log/writer.ts';
import type { Handling, ListedHandler, Plan, SendOptions } from '../operations/handler-port.ts';
import type { Operations } from '../operations/operations.ts';
import type { NewEvent } from '../store/events/create-events.ts';
import { readHandlerStates, registerHandlers, switchHandler } from '../store/control/handlers.ts';
import { type App, type AppParts, emptyApp } from './app/app.ts';
import { delegateTo } from './app/create-app-api.ts';
import { announceApp } from './app/module.ts';
import { ChainLimits } from './running/chain-limits.ts';
import { Dispatcher } from './running/dispatcher.ts';
import { createGatewayPort } from './gateway-port.ts';
import { LeasedRuns } from './running/leased-runs.ts';
import { Registry } from './app/registry.ts';
import { Runner } from './running/runner.ts';
import { planSend, type SendingParts } from './running/synchronous-runs.ts';
import { catchStrayFailures } from './running/stray-failures.ts';
import { Worker } from './running/worker.ts';

/** The gateway's settings for handlers. */
export interface HandlerSettings {
  /** Handlers defined in code. */
  readonly handlers: readonly Handler[];
  /** An app folder; null for none. */
  readonly appFolder: string | null;
  /** Whether changed files of the folder are reloaded. */
  readonly watchesApp: boolean;
  /** Default timeout of a run, in milliseconds. */
  readonly handlerTimeoutMs: number;
}

export const noHandlers: HandlerSettings = {
  handlers: [],
  appFolder: null,
  watchesApp: false,
  handlerTimeoutMs: limits.handlerTimeoutMs,
};

export interface HandlersParts extends HandlerSettings {
  readonly database: Database;
  readonly writer: LogWriter;
  readonly jobWriter: JobWriter;
  readonly jobs: JobDispatcher;
  readonly tail: LogTail;
  readonly live: Live;
  readonly logger: Logger;
  /** Identifies this gateway as the holder of leases. */
  readonly name: string;
  readonly requestOf: (id: string) => Promise<string | null>;
  /** Notifies the other gateways that a handler was enabled or disabled. */
  readonly onSwitched: () => void;
}

/**
 * How long runs in progress may take to end when the gateway stops, in milliseconds. Shorter than the time for requests.
 */
const graceMs = 4_000;
/** How often the enabled state is read from the database, in milliseconds, in case a notification was lost. */
const refreshMs = 30_000;

export class Handlers implements Handling, Stoppable {
  readonly #parts: HandlersParts;
  readonly #registry = new Registry();
  readonly #leasedRuns: LeasedRuns;
  readonly #runner: Runner;
  readonly #dispatcher: Dispatcher;
  readonly #sending: SendingParts;
  readonly #workers = new Map<string, { readonly handler: Handler; readonly worker: Worker }>();
  #broken: readonly BrokenHandler[] = [];
  #app: App | undefined;
  /** Serialises loading, switching and refreshing. */
  #changes: Promise<void> = Promise.resolve();
  #releases: (() => void | Promise<void>)[] = [];
  #stopped = false;
  #ending: Promise<void> | undefined;

  constructor(parts: HandlersParts) {
    this.#parts = parts;
    const { jobWriter, logger, handlerTimeoutMs, database } = parts;
    this.#leasedRuns = new LeasedRuns(jobWriter, logger);
    this.#runner = new Runner({
      ...parts,
      leasedRuns: this.#leasedRuns,
      timeoutMs: handlerTimeoutMs,
      api: () => this.app.api,
    });
    const chainLimits = new ChainLimits(database);
    const shared = { ...parts, registry: this.#registry, runner: this.#runner, chainLimits };
    this.#dispatcher = new Dispatcher(shared);
    this.#sending = { ...shared, own: this.#dispatcher.own };
  }

  /** The current app folder; an empty one if there is none. */
  get app(): App {
    if (!this.#app) throw new Error('handlers were used before they were started');
    return this.#app;
  }

  /**
   * Loads all handlers, whose functions use these operations. Throws a StartupError if the folder cannot be read.
   */
  async start(operations: Operations): Promise<void> {
    const { appFolder, handlers, watchesApp, logger } = this.#parts;
    const port = createGatewayPort(operations, logger);
    // Before the first file of the folder is loaded.
    if (appFolder !== null || handlers.length > 0) this.#releases.push(catchStrayFailures());
    const app = appFolder === null ? emptyApp({ port }) : await load(appFolder, { port });
    this.#app = app;
    this.#releases.push(announceApp(delegateTo(() => this.app.api)));
    if (appFolder === null && handlers.length === 0) return;
    await this.#take(app, operations);
    const timer = setInterval(() => this.refresh(), refreshMs).unref();
    this.#releases.push(() => clearInterval(timer));
    if (appFolder === null || !watchesApp) return;
    const { watchApp } = await import('./app/watch.ts');
    const watch = watchApp(appFolder, { port }, (app) => this.#inTurn(() => this.#take(app, operations)));
    this.#releases.push(() => watch.stop());
  }

  plan(event: NewEvent, options: SendOptions): Promise<Plan> | null {
    return planSend(this.#sending, event, options);
  }

  baseTypeOf(eventType: string) {
    return this.#registry.baseTypeOf(eventType);
  }

  has(fullName: string): boolean {
    return this.#registry.get(fullName) !== undefined;
  }

  list(): readonly ListedHandler[] {
    const working = this.#registry.all().map(({ handler, enabled, filterErrors, lastFilterError }) => {
      const { fullName, title, eventType, source, where, async } = handler;
      const facts = {
        fullName,
        title,
        eventType,
        source,
        where,
        async,
        enabled,
        filterErrors,
        lastFilterError,
      };
      return { ...facts, works: true as const };
    });
    const broken = this.#broken.map((handler) => ({ ...handler, works: false as const }));
    return [...working, ...broken].sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
  }

  async setEnabled(fullName: string, enabled: boolean): Promise<boolean> {
    const known = this.#registry.get(fullName);
    if (!known) return false;
    const { database } = this.#parts;
    if (!(await switchHandler(database, fullName, enabled, known.handler.enabled))) return false;
    await this.#inTurn(() => this.#refresh());
    this.#parts.onSwitched();
    return true;
  }

  /** Handlers may have been enabled or disabled at another gateway. */
  refresh(): void {
    void this.#inTurn(() => this.#refresh()).catch((error: unknown) =>
      this.#parts.logger.warn({ err: asError(error) }, 'could not read which handlers are enabled'),
    );
  }

  /** Resolves when everything in the log by now has been dispatched. */
  dispatched(): Promise<void> {
    return this.#dispatcher.idle();
  }

  /** Stops claiming runs, gives those in progress time to end, and then answers the senders that wait for the rest. */
  readonly answerWaiting = once(async () => {
    this.#stopped = true;
    await this.#changes.catch(() => {});
    await Promise.all([...this.#workers.values()].map(({ worker }) => worker.stop()));
    this.#ending = this.#runner.giveBackAfter(graceMs);
  });

  readonly stop = once(async () => {
    await this.answerWaiting();
    await this.#dispatcher.stop();
    await this.#ending;
    // Runs that were started meanwhile.
    await this.#runner.giveBackAfter(0);
    await this.#leasedRuns.stop();
    // Work left running by handlers could fail until here.
    for (const release of this.#releases.splice(0).reverse()) await release();
  });

  async #take(app: App, operations: Operations): Promise<void> {
    const { handlers, broken, declarations } = app;
    const all = withoutNamesakes(this.#parts.handlers, handlers);
    await this.#declareTopics(declarations, operations);
    const states = await registerHandlers(this.#parts.database, all.working);
    this.#registry.replace(all.working);
    this.#app = app;
    this.#broken = [...broken, ...all.broken];
    for (const { fullName, enabled } of states) this.#registry.get(fullName)!.choice = enabled;
    await this.#dispatcher.follow(states);
    await this.#employ();
  }

  /** A refused declaration is logged and does not affect the others. */
  async #declareTopics(declarations: readonly TopicDeclaration[], operations: Operations): Promise<void> {
    const { logger } = this.#parts;
    for (const { name, error } of await operations.declareAll(declarations, 'app folder'))
      logger.error({ topic: name }, `the declaration of topic ${name} was refused: ${error.message}`);
  }

  async #refresh(): Promise<void> {
    const names = this.#registry.all().map(({ handler }) => handler.fullName);
    for (const { fullName, enabled, position } of await readHandlerStates(this.#parts.database, names)) {
      const registered = this.#registry.get(fullName);
      if (!registered || registered.choice === enabled) continue;
      this.#registry.choose(registered, enabled);
      this.#dispatcher.moveTo(fullName, position, true);
    }
    await this.#employ();
  }

  /** Keeps one worker per enabled handler. */
  async #employ(): Promise<void> {
    const wanted = new Map(
      this.#registry.all().flatMap(({ handler, enabled }) => (enabled ? [[handler.fullName, handler]] : [])),
    );
    for (const [name, { handler, worker }] of this.#workers) {
      if (wanted.get(name) === handler) continue;
      this.#workers.delete(name);
      await worker.stop();
    }
    if (this.#stopped) return;
    for (const [name, handler] of wanted) {
      if (!this.#workers.has(name))
        this.#workers.set(name, {
          handler,
          worker: new Worker({ ...this.#parts, runner: this.#runner }, handler),
        });
    }
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#changes.catch(() => {}).then(() => (this.#stopped ? undefined : change()));
    this.#changes = done;
    return done;
  }
}

/** Imported only if there is a folder, for a faster start. */
async function load(folder: string, parts: AppParts): Promise<App> {
  const { loadApp } = await import('./app/folder.ts');
  return loadApp(folder, parts);
}

/** A handler in code has precedence over an element with the same name. */
function withoutNamesakes(
  inCode: readonly Handler[],
  elements: readonly Handler[],
): { readonly working: readonly Handler[]; readonly broken: readonly BrokenHandler[] } {
  const names = new Set(inCode.map(({ fullName }) => fullName));
  const taken = elements.filter(({ fullName }) => names.has(fullName));
  return {
    working: [...inCode, ...elements.filter(({ fullName }) => !names.has(fullName))],
    broken: taken.map(({ fullName, title }) => ({
      fullName,
      title,
      problem: `${fullName} is the name of a handler that is given in code, which runs instead; rename one of them`,
    })),
  };
}
