// Lists handlers, and enables and disables them.
import { ThroughlineError } from '../base/errors.ts';
import { isRestricted, isTopicWithin, type RowScope } from '../domain/access/row-scope.ts';
import type { Database } from '../database/database.ts';
import { nearestFew } from '../domain/cel/language/suggest.ts';
import { readLastRuns } from '../store/control/handlers.ts';
import type { Handling, ListedHandler } from './handler-port.ts';
import type { Caller } from './callers.ts';

export type { ListedHandler } from './handler-port.ts';

export interface HandlerOperations {
  /** Those of this gateway, by full name; broken ones are among them. */
  handlers(rows?: RowScope | null): readonly ListedHandler[];
  /** Persistent, and effective at every gateway. NOT_FOUND if no working handler has the name. */
  setHandlerEnabled(fullName: string, enabled: boolean, caller?: Caller): Promise<ListedHandler>;
  /** Of those that have run. */
  lastRunsAt(fullNames: readonly string[], rows?: RowScope | null): Promise<Map<string, Date>>;
}

export function createHandlerOperations(database: Database, handling: Handling): HandlerOperations {
  return {
    handlers: (rows = null) => visibleHandlers(handling.list(), rows),
    setHandlerEnabled: async (fullName, enabled, caller) => {
      if (caller && isRestricted(caller.rows)) throw forAll(caller);
      const isSet = await handling.setEnabled(fullName, enabled);
      const handler = handling.list().find((listed) => listed.fullName === fullName);
      if (isSet && handler) return handler;
      throw noHandler(fullName, handling);
    },
    lastRunsAt: (fullNames, rows = null) => readLastRuns(database, fullNames, rows),
  };
}

/** Those of the topics that are seen. What filters failed on may be events that are not. */
function visibleHandlers(listed: readonly ListedHandler[], rows: RowScope | null): readonly ListedHandler[] {
  if (!isRestricted(rows)) return listed;
  return listed
    .filter(({ fullName }) => isTopicWithin(rows, fullName))
    .map((handler) => (handler.works ? { ...handler, filterErrors: 0, lastFilterError: null } : handler));
}

function forAll({ name }: Caller): ThroughlineError {
  return new ThroughlineError(
    'FORBIDDEN',
    `A handler runs for the events of every project: the key ${JSON.stringify(name)}, which is restricted, cannot switch it.`,
  );
}

/** Says which there are. */
export function noHandler(fullName: string, handling: Handling): ThroughlineError {
  const names = handling.list().flatMap((handler) => (handler.works ? handler.fullName : []));
  const near = nearestFew(fullName, names, 3).map((name) => JSON.stringify(name));
  const meant = near.length === 0 ? 'there is none at this gateway' : `the nearest are ${near.join(', ')}`;
  const name = JSON.stringify(fullName.slice(0, 200));
  return new ThroughlineError('NOT_FOUND', `There is no handler ${name} that works: ${meant}.`, { fullName });
}
