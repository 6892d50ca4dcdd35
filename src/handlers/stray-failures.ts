// Failures that nobody waits for, out of what a handler left running: logged with the run, and no reason for the process to end.
import { asError } from '../base/errors.ts';
import { loadingStorage, runStorage } from './run-context.ts';

let users = 0;

/** From now on until the returned function is called; failures of other code do what they always did. */
export function catchStrayFailures(): () => void {
  users += 1;
  if (users === 1) {
    process.on('unhandledRejection', onRejection);
    process.on('uncaughtException', onException);
  }
  let isOn = true;
  return () => {
    if (!isOn) return;
    isOn = false;
    users -= 1;
    if (users > 0) return;
    process.off('unhandledRejection', onRejection);
    process.off('uncaughtException', onException);
  };
}

function onRejection(reason: unknown): void {
  if (logged(reason) || process.listenerCount('unhandledRejection') > 1) return;
  // As without a listener: it becomes an uncaught exception.
  throw reason;
}

function onException(error: unknown): void {
  if (logged(error) || process.listenerCount('uncaughtException') > 1) return;
  process.stderr.write(`${asError(error).stack ?? asError(error).message}\n`);
  process.exit(1);
}

/** Node runs these listeners in the context in which the promise or the timer was made. */
function logged(thrown: unknown): boolean {
  const origin = runStorage.getStore() ?? loadingStorage.getStore();
  origin?.log.error({ err: asError(thrown) }, 'a handler left something running that failed');
  return origin !== undefined;
}
