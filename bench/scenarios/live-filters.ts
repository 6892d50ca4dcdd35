// What it costs to find whom a change concerns among ten thousand live filters: through the hub, and by testing all.
import { checkFilter, type EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { type Filterable, filterMatches } from '../../src/domain/conditions/checked-filter.ts';
import { Hub } from '../../src/live/hub.ts';
import { events as all, populations } from '../filters.ts';
import { byTurns, compare, type Row } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';

/** A third of them, of all kinds. */
const events = all.filter((_, n) => n % 3 === 0);

/** Tests so far, and who got what. */
interface Log {
  tests: number;
  matches: string[];
}

/** Milliseconds for all events, converted anew; `publish` gives an event to all that are to be tested with it. */
function matchAll(publish: (event: Filterable) => void, log: Log): number {
  const fresh = events.map((event) => ({ ...event }));
  log.tests = 0;
  log.matches = [];
  const began = performance.now();
  for (const event of fresh) publish(event);
  return performance.now() - began;
}

async function measure(
  name: string,
  count: number,
  filterOf: (n: number) => EventFilter,
  rounds: number,
): Promise<Row> {
  const log: Log = { tests: 0, matches: [] };
  const watchers = Array.from({ length: count }, (_, n) => {
    const filter = checkFilter(filterOf(n));
    const accepts = (event: Filterable): boolean => {
      log.tests += 1;
      return filterMatches(filter, event);
    };
    return {
      selector: filter,
      accepts,
      push: (event: Filterable) => void log.matches.push(`${event.id} ${n}`),
    };
  });
  const hub = new Hub<Filterable>((event) => event);
  for (const watcher of watchers) hub.watch(watcher);
  let found = '';
  let tests = 0;
  const figures = await byTurns(
    {
      ours: async () => {
        const ms = matchAll((event) => hub.publish(event), log);
        found = log.matches.sort().join();
        tests = log.tests / events.length;
        return ms;
      },
      theirs: async () => {
        const ms = matchAll((event) => {
          for (const watcher of watchers) if (watcher.accepts(event)) watcher.push(event);
        }, log);
        if (log.matches.sort().join() !== found) throw new Error('the hub matched others than there are');
        return ms;
      },
    },
    rounds,
  );
  return compare({
    scenario: `whom ${events.length} deliveries concern of ${count.toLocaleString('en-US')} filters, ${name}: ${tests.toFixed(1)} tested ÷ testing all`,
    unit: 'ms',
    ...figures,
  });
}

export const liveFilters: Scenario = {
  about: 'finding whom a change concerns among 10,000 filters ÷ testing all',
  run: async ({ rounds, size }) => {
    const count = Math.round(10_000 * size);
    const rows: Row[] = [];
    for (const [name, filterOf] of Object.entries(populations))
      rows.push(await measure(name, count, filterOf, rounds));
    return rows;
  },
};
