// The process: settings, start, and an orderly end on SIGTERM or SIGINT.
import { asError } from './base/errors.ts';
import { flushed } from './base/bounded-output.ts';
import { createLogger } from './base/logger.ts';
import { readConfig } from './config.ts';
import { DatabaseEnded, StartupError } from './database/database.ts';
import { openDatabase } from './database/open.ts';
import type { Gateway } from './gateway.ts';

/** How long an orderly end may take, in milliseconds, before the process ends anyway. */
const timeoutMs = 9_500;

async function main(): Promise<void> {
  const loading = load();
  stopOnSignals(loading);
  const gateway = await loading;
  // Nothing is left to be written. A supervisor starts the program again, on the same database.
  void gateway.failed.then(fail);
  const { url, madeKey } = await gateway.start();
  say(`Throughline serves at ${url}; GraphiQL is at ${url}/graphql`);
  if (madeKey !== null) say(`The admin key, made just now and shown only this once: ${madeKey}`);
}

/** The database opens while the rest of the program is loaded: each takes about as long as the other. */
async function load(): Promise<Gateway> {
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  const database = openDatabase({ url: config.databaseUrl ?? undefined, folder: config.dataFolder, logger });
  database.catch(() => {});
  const { createGateway } = await import('./gateway.ts');
  return createGateway(config, { logger, database });
}

/** The first signal begins an orderly end; a second one ends the process at once. */
function stopOnSignals(loading: Promise<Gateway>): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return process.exit(1);
    stopping = true;
    say(`${signal}: stopping`);
    setTimeout(() => fail(new Error(`it took longer than ${timeoutMs} ms to stop`)), timeoutMs).unref();
    loading.then((gateway) => gateway.stop()).then(() => end(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(thrown: unknown): void {
  const error = asError(thrown);
  const isPlain = error instanceof StartupError || error instanceof DatabaseEnded;
  const text = isPlain ? error.message : (error.stack ?? error.message);
  process.stderr.write(`throughline: ${text}\n`);
  void end(1);
}

/** What was written is read first, if anybody reads. */
async function end(code: number): Promise<void> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// A reader of our output that has gone does not end the gateway.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main().catch(fail);
