// What it costs to find whom a change concerns among ten thousand live filters: through the hub, and by testing all.
import { createRequire } from 'node:module';
import type { JsonObject } from '../src/domain/json.ts';
import { checkFilter, type EventFilter, type Filterable, filterMatches } from '../src/domain/event-filter.ts';
import { Hub } from '../src/live/hub.ts';

const count = Number(process.env.FILTERS ?? 10_000);
const rounds = Number(process.env.ROUNDS ?? 5);

interface Delivery extends JsonObject {
  readonly action?: string;
  readonly repository?: { readonly full_name: string };
  readonly sender?: { readonly login: string };
}
interface Definition {
  readonly name: string;
  readonly examples: readonly Delivery[];
}
const definitions: readonly Definition[] = createRequire(import.meta.url)('@octokit/webhooks-examples');

/** GitHub's example deliveries as a webhook makes events of them. */
const events: readonly Filterable[] = definitions
  .flatMap(({ name, examples }) => examples.map((delivery) => ({ name, delivery })))
  .map(({ name, delivery }, n) => ({
    id: `0195f000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    hash: null,
    topic: `github.${name}`,
    eventType: name,
    sender: 'github',
    senderType: 'webhook',
    project: delivery.repository?.full_name ?? null,
    user: delivery.sender?.login ?? null,
    requestId: `request-${n}`,
    nodeId: `node-${n}`,
    dependsOnId: null,
    status: 'FINISHED',
    retries: 0,
    description: '',
    summary: {},
    payload: {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-Github-Event': name,
        'X-Github-Delivery': `delivery-${n}`,
      },
      body: { text: null, json: delivery, form: null, bytes: null },
    },
    createdAt: new Date(n),
    updatedAt: new Date(n),
    startedAt: null,
    finishedAt: null,
  }));

/** The same at every run. */
let state = 1;
function below(limit: number): number {
  state = (state * 48_271) % 2_147_483_647;
  return state % limit;
}
const one = <T>(list: readonly T[]): T => list[below(list.length)]!;

const names = definitions.map(({ name }) => name);
const actions = [...new Set(events.flatMap((event) => String(jsonOf(event).action ?? 'none')))];
const logins = [...new Set(events.flatMap(({ user }) => user ?? []))];
const real = [...new Set(events.flatMap(({ project }) => project ?? []))];

function jsonOf({ payload }: Filterable): Delivery {
  return (payload as { body: { json: Delivery } }).body.json;
}

/** Most of those who watch do so for repositories and people from which nothing comes just now. */
const repository = () => (below(50) === 0 ? one(real) : `org-${below(400)}/repository-${below(10)}`);
const login = () => (below(50) === 0 ? one(logins) : `person-${below(4_000)}`);

const json = 'data.body.json';
const mixed: readonly (readonly [share: number, make: () => EventFilter])[] = [
  [
    25,
    () => ({
      where: `data.headers['X-Github-Event'] == '${one(names)}' && ${json}.repository.full_name == '${repository()}'`,
    }),
  ],
  [20, () => ({ where: `project == '${repository()}' && event_type in ['${one(names)}', '${one(names)}']` })],
  [20, () => ({ where: `event_type == '${one(names)}' && ${json}.action == '${one(actions)}'` })],
  [15, () => ({ where: `${json}.sender.login == '${login()}' && data.method == 'POST'` })],
  [
    10,
    () => ({
      topics: [`github.${one(names)}`],
      where: `${json}.repository.full_name.startsWith('org-${below(400)}/')`,
    }),
  ],
  [5, () => ({ projects: [repository()], topics: ['github.*'] })],
  [
    4,
    () => ({
      where: `'${repository()}' == ${json}.repository.full_name || '${login()}' == ${json}.sender.login`,
    }),
  ],
  [1, () => ({ where: `${json}.repository.full_name.endsWith('/repository-${below(10)}')` })],
];

function mixedFilter(): EventFilter {
  let left = below(100);
  for (const [share, make] of mixed) if ((left -= share) < 0) return make();
  throw new Error('the shares are not a hundred');
}

const populations: Readonly<Record<string, (n: number) => EventFilter>> = {
  'a mix of equalities': mixedFilter,
  'a path of its own each': (n) => ({ where: `${json}.key${n}.value == 'x'` }),
  'no equality in any': (n) => ({ where: `${json}.repository.full_name.startsWith('org-${n}/')` }),
};

interface Measured {
  readonly ms: number;
  readonly tests: number;
  readonly matches: readonly string[];
}

/** Matches all events, which are converted anew; `publish` gives an event to all that are to be tested with it. */
function measured(publish: (event: Filterable) => void, log: { tests: number; matches: string[] }): Measured {
  const fresh = events.map((event) => ({ ...event }));
  log.tests = 0;
  log.matches = [];
  const start = performance.now();
  for (const event of fresh) publish(event);
  const ms = performance.now() - start;
  return { ms, tests: log.tests, matches: log.matches.sort() };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function spread(values: readonly number[], digits: number): string {
  const shown = (value: number) => value.toFixed(digits);
  return `${shown(median(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`;
}

function compare(name: string, filterOf: (n: number) => EventFilter): void {
  const log = { tests: 0, matches: [] as string[] };
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
  const start = performance.now();
  for (const watcher of watchers) hub.watch(watcher);
  const filing = performance.now() - start;
  const byHub = () => measured((event) => hub.publish(event), log);
  const byAll = () =>
    measured((event) => {
      for (const watcher of watchers) if (watcher.accepts(event)) watcher.push(event);
    }, log);
  const times: { hub: number[]; all: number[]; ratio: number[] } = { hub: [], all: [], ratio: [] };
  let last: Measured = byHub();
  byAll();
  for (let round = 0; round < rounds; round += 1) {
    const [first, second] = round % 2 === 0 ? [byHub(), byAll()] : [byAll(), byHub()];
    const [hubs, alls] = round % 2 === 0 ? [first, second] : [second, first];
    if (hubs.matches.join() !== alls.matches.join()) throw new Error('the hub matched others than there are');
    times.hub.push((hubs.ms * 1_000) / events.length);
    times.all.push((alls.ms * 1_000) / events.length);
    times.ratio.push(alls.ms / hubs.ms);
    last = hubs;
  }
  print(
    `${name} (filed in ${filing.toFixed(0)} ms; ${(last.matches.length / events.length).toFixed(1)} matches an event)`,
  );
  print(`  tested of ${count}, an event   ${(last.tests / events.length).toFixed(1)}`);
  print(`  through the hub, µs an event  ${spread(times.hub, 1)}`);
  print(`  testing all, µs an event      ${spread(times.all, 0)}`);
  print(`  testing all ÷ the hub         ${spread(times.ratio, 1)}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

print(
  `${count} filters, ${events.length} real events; medians of ${rounds} rounds by turns (lowest to highest)`,
);
for (const [name, filterOf] of Object.entries(populations)) compare(name, filterOf);
