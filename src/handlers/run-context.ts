// Which run of which handler the code that is running belongs to; it follows through awaits and timers by itself.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../base/logger.ts';
import type { HandledEvent, Handler, Run } from '../domain/handler.ts';
import type { AppApi } from './app-api.ts';

/** A run that is under way. */
export interface RunContext {
  /** The API of the gateway that runs it. */
  readonly app: AppApi;
  /** The event that it is for. */
  readonly event: HandledEvent;
  readonly run: Run;
  /** Its lines carry the run: see `runLogger`. */
  readonly log: Logger;
}

export const runStorage = new AsyncLocalStorage<RunContext>();

/** The logger for what the code of an app folder leaves running when it is loaded, which belongs to no run. */
export const loadingStorage = new AsyncLocalStorage<{ readonly log: Logger }>();

/** Calls `work` as part of the run: all that it calls and awaits finds the run with `currentRun()`. */
export function withRun<T>(context: RunContext, work: () => T): T {
  return runStorage.run(context, work);
}

/** The run that the caller is part of; null outside of any. */
export function currentRun(): RunContext | null {
  return runStorage.getStore() ?? null;
}

/** A logger whose lines say which run of which handler they come from. */
export function runLogger(logger: Logger, handler: Pick<Handler, 'fullName'>, run: Run): Logger {
  return logger.child({
    requestId: run.requestId,
    nodeId: run.nodeId,
    eventId: run.eventId,
    handler: handler.fullName,
  });
}
