// The process: loads the settings, starts the gateway, and stops it on SIGTERM or SIGINT.
import { asError } from './base/errors.ts';
import { flushed } from './base/bounded-output.ts';
import { createLogger } from './base/logger.ts';
import { readConfig } from './config.ts';
import { DatabaseEnded, StartupError } from './database/database.ts';
import { openDatabase } from './database/open.ts';
import type { Gateway } from './gateway.ts';
import { keyFileIn, writeKeyFile } from './key-file.ts';

/** How long a graceful stop may take before the process exits anyway, in milliseconds. */
const timeoutMs = 9_500;

async function main(): Promise<void> {
  const loading = load();
  stopOnSignals(loading);
  const { gateway, keyFile } = await loading;
  // Nothing is left to commit. A supervisor restarts the process on the same database.
  void gateway.failed.then(fail);
  const { url, madeKey } = await gateway.start();
  say(`Throughline serves at ${url}; the console is at ${url}/console`);
  if (madeKey === null) return;
  say(`Created the admin key; it is in ${keyFile}`);
  // A terminal is read by a person; anything else may be a log that keeps it.
  if (process.stdout.isTTY) say(`Admin key: ${madeKey}`);
}

interface Loaded {
  readonly gateway: Gateway;
  /** Where the key of a first start is written. */
  readonly keyFile: string;
}

/** Opens the database while the remaining modules load, because each takes about as long as the other. */
async function load(): Promise<Loaded> {
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  const { databaseUrl, dataFolder: folder, databasePool: poolSize } = config;
  const database = openDatabase({ url: databaseUrl ?? undefined, folder, poolSize, logger });
  database.catch(() => {});
  const { createGateway } = await import('./gateway.ts');
  const keepKey = (secret: string) => writeKeyFile(folder, secret);
  return { gateway: createGateway(config, { logger, database, keepKey }), keyFile: keyFileIn(folder) };
}

/** The first signal starts a graceful stop; a second one exits at once. */
function stopOnSignals(loading: Promise<Loaded>): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return process.exit(1);
    stopping = true;
    say(`${signal}: stopping`);
    setTimeout(() => fail(new Error(`stopping took longer than ${timeoutMs} ms`)), timeoutMs).unref();
    loading.then(({ gateway }) => gateway.stop()).then(() => end(0), fail);
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

/** Waits for the output to be read before exiting. */
async function end(code: number): Promise<void> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// A closed output pipe does not end the gateway.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main().catch(fail);
