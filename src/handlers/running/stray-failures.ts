// Handling of failures in work that a handler left running: logged with the run, without ending the process.
import { asError } from '../../base/errors.ts';
import { loadingStorage, runStorage } from './run-context.ts';

let users = 0;

/** Active until the returned function is called. Failures of other code behave as usual. */
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
  // As without a listener: the rejection becomes an uncaught exception.
  throw reason;
}

function onException(error: unknown): void {
  if (logged(error) || process.listenerCount('uncaughtException') > 1) return;
  process.stderr.write(`${asError(error).stack ?? asError(error).message}\n`);
  process.exit(1);
}

/** Node runs these listeners in the async context that created the promise or timer. */
function logged(thrown: unknown): boolean {
  const origin = runStorage.getStore() ?? loadingStorage.getStore();
  origin?.log.error({ err: asError(thrown) }, 'work left running by a handler failed');
  return origin !== undefined;
}
