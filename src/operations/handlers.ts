// Listing handlers, and switching them on and off.
import { ThroughlineError } from '../base/errors.ts';
import type { Database } from '../database/database.ts';
import { nearestFew } from '../domain/cel/language/suggest.ts';
import { readLastRuns } from '../store/control/handlers.ts';
import type { Handling, ListedHandler } from './handler-port.ts';

export type { ListedHandler } from './handler-port.ts';

export interface HandlerOperations {
  /** Those of this gateway, by full name; broken ones are among them. */
  handlers(): readonly ListedHandler[];
  /** Lasts over restarts, at every gateway. NOT_FOUND where there is none that works. */
  setHandlerEnabled(fullName: string, enabled: boolean): Promise<ListedHandler>;
  /** Of those that have run. */
  lastRunsAt(fullNames: readonly string[]): Promise<Map<string, Date>>;
}

export function createHandlerOperations(database: Database, handling: Handling): HandlerOperations {
  return {
    handlers: () => handling.list(),
    setHandlerEnabled: async (fullName, enabled) => {
      const isSet = await handling.setEnabled(fullName, enabled);
      const handler = handling.list().find((listed) => listed.fullName === fullName);
      if (isSet && handler) return handler;
      throw noHandler(fullName, handling);
    },
    lastRunsAt: (fullNames) => readLastRuns(database, fullNames),
  };
}

/** Says which there are. */
export function noHandler(fullName: string, handling: Handling): ThroughlineError {
  const names = handling.list().flatMap((handler) => (handler.works ? handler.fullName : []));
  const near = nearestFew(fullName, names, 3).map((name) => JSON.stringify(name));
  const meant = near.length === 0 ? 'there is none at this gateway' : `the nearest are ${near.join(', ')}`;
  const name = JSON.stringify(fullName.slice(0, 200));
  return new ThroughlineError('NOT_FOUND', `There is no handler ${name} that works: ${meant}.`, { fullName });
}
