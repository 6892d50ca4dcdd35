// Ten thousand filters that might be live at once, of three kinds, and the real events that are matched with them.
import type { EventFilter } from '../src/domain/conditions/event-filter.ts';
import type { Filterable } from '../src/domain/conditions/checked-filter.ts';
import { definitions, type Delivery } from './deliveries.ts';

/** GitHub's example deliveries as a webhook makes events of them. */
export const events: readonly Filterable[] = definitions
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

export const populations: Readonly<Record<string, (n: number) => EventFilter>> = {
  'a mix of equalities': mixedFilter,
  'a path of its own each': (n) => ({ where: `${json}.key${n}.value == 'x'` }),
  'no equality in any': (n) => ({ where: `${json}.repository.full_name.startsWith('org-${n}/')` }),
};
