// The process: settings, start, and an orderly end on SIGTERM or SIGINT.
import { asError } from './base/errors.ts';
import { readConfig } from './config.ts';
import { StartupError } from './database/database.ts';
import { createGateway, type Gateway } from './gateway.ts';

/** How long an orderly end may take, in milliseconds, before the process ends anyway. */
const patienceMs = 9_500;

async function main(): Promise<void> {
  const gateway = createGateway(readConfig(process.env));
  stopOnSignals(gateway);
  const { url, madeKey } = await gateway.start();
  say(`Throughline serves at ${url}; GraphiQL is at ${url}/graphql`);
  if (madeKey !== null) say(`The admin key, made just now and shown only this once: ${madeKey}`);
}

/** The first signal begins an orderly end; a second one ends the process at once. */
function stopOnSignals(gateway: Gateway): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    say(`${signal}: stopping`);
    setTimeout(() => fail(new Error(`it took longer than ${patienceMs} ms to stop`)), patienceMs).unref();
    gateway.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(thrown: unknown): never {
  const error = asError(thrown);
  const text = error instanceof StartupError ? error.message : (error.stack ?? error.message);
  process.stderr.write(`throughline: ${text}\n`);
  process.exit(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch(fail);
