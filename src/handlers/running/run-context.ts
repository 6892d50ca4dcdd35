// The run that the current code belongs to. It follows awaits and timers automatically.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../../base/logger.ts';
import type { HandledEvent, Handler, Run } from '../../domain/handlers/handler.ts';
import type { AppApi } from '../app-api.ts';

/** A run in progress. */
export interface RunContext {
  /** The API of the gateway that executes the run. */
  readonly app: AppApi;
  /** The event being handled. */
  readonly event: HandledEvent;
  readonly run: Run;
  /** A logger whose lines identify the run: see `runLogger`. */
  readonly log: Logger;
}

export const runStorage = new AsyncLocalStorage<RunContext>();

/** The logger for work left running while an app folder is loaded, which belongs to no run. */
export const loadingStorage = new AsyncLocalStorage<{ readonly log: Logger }>();

/** Calls `work` as part of the run: everything it calls or awaits finds the run with `currentRun()`. */
export function withRun<T>(context: RunContext, work: () => T): T {
  return runStorage.run(context, work);
}

/** The run that the caller is part of; null outside of a run. */
export function currentRun(): RunContext | null {
  return runStorage.getStore() ?? null;
}

/** A logger whose lines identify the run and its handler. */
export function runLogger(logger: Logger, handler: Pick<Handler, 'fullName'>, run: Run): Logger {
  return logger.child({
    requestId: run.requestId,
    nodeId: run.nodeId,
    eventId: run.eventId,
    handler: handler.fullName,
  });
}
