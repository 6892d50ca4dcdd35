// Two keys with disjoint projects on one gateway: what each does at random, and what one of them observes.
import fc from 'fast-check';
import type { Scope } from '../../src/domain/access/scopes.ts';
import type { Caller } from '../../src/operations/callers.ts';
import type { Composed } from '../support/gateway.ts';
import type { Reader } from '../support/reader.ts';

const scopes: readonly Scope[] = [
  'events:read',
  'events:send',
  'events:update',
  'events:delete',
  'jobs:work',
  'subscriptions',
  'triggers',
];

export type Name = 'a' | 'b';

export function keyOfProject(project: string): Caller {
  const rows = { projects: [project], topics: null, requestIds: null };
  return { name: `key of ${project}`, keyId: `id of ${project}`, scopes, rows, requestId: null };
}

/** One of an event of its own, or of the other party's, counted through as they were made. */
export interface Pick {
  readonly isForeign: boolean;
  readonly n: number;
}

export type Step = { readonly by: Name } & (
  | {
      readonly kind: 'send';
      readonly topic: string;
      readonly request: string | null;
      readonly parent: Pick | null;
      readonly hash: string | null;
      readonly onDuplicate: string;
      readonly finished: boolean;
      readonly store: boolean;
    }
  | {
      readonly kind: 'update';
      readonly event: Pick;
      readonly status: string;
      readonly attempt: number | null;
    }
  | {
      readonly kind: 'progress' | 'delete' | 'extend' | 'release' | 'node' | 'leave' | 'next' | 'status';
      readonly event: Pick;
    }
  | { readonly kind: 'bulk'; readonly name: string; readonly dryRun: boolean }
  | { readonly kind: 'enroll' | 'subscribe' | 'list' | 'chain' | 'topics' | 'trigger' }
);

const pick = fc.record({ isForeign: fc.boolean(), n: fc.nat(20) });
const topic = fc.constantFrom('t.x', 't.y');
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      topic,
      request: fc.constantFrom(null, 'r1', 'r2'),
      parent: fc.option(pick),
      hash: fc.constantFrom(null, null, 'h1', 'h2'),
      onDuplicate: fc.constantFrom('RETURN', 'FAIL', 'REPLACE'),
      finished: fc.boolean(),
      store: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      event: pick,
      status: fc.constantFrom('FINISHED', 'FAILED', 'IN_PROGRESS', 'RESTARTED'),
      attempt: fc.constantFrom(null, 1, 2),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'progress',
        'delete',
        'extend',
        'release',
        'node',
        'leave',
        'next',
        'status' as const,
      ),
      event: pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('bulk' as const),
      name: fc.constantFrom('restartEvents', 'abortEvents', 'deleteEvents'),
      dryRun: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('enroll', 'subscribe', 'list', 'chain', 'topics', 'trigger' as const),
    }),
  },
);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.constantFrom<Name>('a', 'b'), step).map(([by, what]) => ({ by, ...what }) as Step),
  { minLength: 8, maxLength: 40 },
);

const shown = `id topic project requestId status retries sender dependsOn { id }
  dependents { totalCount nodes { id } } history { from to by attempt } lease { worker attempt } progress`;

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A party on its gateway, with what it was answered: names in place of ids, which differ from one run to the next. */
export class Party {
  readonly caller: Caller;
  readonly observed: string[] = [];
  readonly events: string[] = [];
  readonly subscriptions: string[] = [];
  readonly #gateway: Composed;
  readonly #project: string;
  readonly #names = new Map<string, string>();
  #named = 0;

  constructor(gateway: Composed, project: string) {
    this.#gateway = gateway;
    this.#project = project;
    this.caller = keyOfProject(project);
  }

  named(text: string): string {
    return text.replaceAll(uuid, (id) => {
      const name = this.#names.get(id) ?? `#${(this.#named += 1)}`;
      this.#names.set(id, name);
      return name;
    });
  }

  async #ask(query: string): Promise<Record<string, unknown> | null> {
    const { data, errors } = await this.#gateway.askAs<Record<string, unknown>>(this.caller, query);
    const refused = errors.map(({ message, extensions }) => ({ message, extensions }));
    this.observed.push(this.named(JSON.stringify([query, data, refused])));
    return data;
  }

  /** What is not the other's is one that nothing has. */
  #idOf({ isForeign, n }: Pick, own: readonly string[], foreign: readonly string[]): string {
    const list = isForeign ? foreign : own;
    const id = list[n % Math.max(1, list.length)] ?? crypto.randomUUID();
    if (isForeign) this.#names.set(id, `?${n}`);
    return id;
  }

  async take(step: Step, other: Party | null): Promise<void> {
    const eventOf = (event: Pick) => this.#idOf(event, this.events, other?.events ?? []);
    const subscriptionOf = (event: Pick) => this.#idOf(event, this.subscriptions, other?.subscriptions ?? []);
    switch (step.kind) {
      case 'send':
        return this.#send(step, step.parent && eventOf(step.parent));
      case 'update':
        return void (await this.#ask(
          `mutation { updateEvent(input: {id: "${eventOf(step.event)}", status: ${step.status}${
            step.attempt === null ? '' : `, attempt: ${step.attempt}`
          }}) { ${shown} } }`,
        ));
      case 'bulk':
        return void (await this.#ask(
          `mutation { ${step.name}(filter: {topics: ["t.*"]}, dryRun: ${step.dryRun}) { count ids } }`,
        ));
      case 'enroll':
        return this.#enroll();
      case 'subscribe':
        return this.#subscribe();
      case 'leave':
        return void (await this.#ask(`mutation { unsubscribe(id: "${subscriptionOf(step.event)}") }`));
      case 'next':
        return void (await this.#ask(
          `mutation { nextEvent(subscriptionIds: ["${subscriptionOf(step.event)}"], timeoutMs: 0) { event { ${shown} } } }`,
        ));
      case 'status':
        return this.#status(eventOf(step.event));
      default:
        return void (await this.#ask(
          'event' in step ? plain[step.kind](eventOf(step.event)) : lists[step.kind](this.#project),
        ));
    }
  }

  async #send(step: Step & { readonly kind: 'send' }, parent: string | null): Promise<void> {
    const input = [
      `topic: "${step.topic}", project: "${this.#project}", finished: ${step.finished}`,
      ...(step.request ? [`requestId: "${step.request}"`] : []),
      ...(parent ? [`dependsOn: "${parent}"`] : []),
      ...(step.hash && step.store
        ? [`hash: "${this.#project} ${step.hash}", onDuplicate: ${step.onDuplicate}`]
        : []),
      ...(step.store ? [] : ['store: false']),
    ];
    const data = await this.#ask(
      `mutation { sendEvent(input: {${input.join(', ')}}) { duplicate matched event { id topic status } } }`,
    );
    const { event } = (data?.sendEvent ?? {}) as { event?: { id: string } };
    if (event && step.store) this.events.push(event.id);
  }

  async #enroll(): Promise<void> {
    const data = await this
      .#ask(`mutation { enroll(input: {sourceTopics: ["t.*"], targetTopic: "job", worker: "w",
      retryDelayMs: 0}) { attempt event { ${shown} } source { ${shown} } } }`);
    const { event } = (data?.enroll ?? {}) as { event?: { id: string } };
    if (event) this.events.push(event.id);
  }

  async #subscribe(): Promise<void> {
    const data = await this.#ask('mutation { subscribe(input: {topics: ["t.*"], after: "0"}) { id lag } }');
    const { id } = (data?.subscribe ?? {}) as { id?: string };
    if (id) this.subscriptions.push(id);
  }

  /** The present status of an event, from a live stream. */
  async #status(id: string): Promise<void> {
    const query = `subscription { eventStatus(ids: ["${id}"]) { kind status event { id topic project } } }`;
    const first = await this.#gateway
      .subscribeAs(this.caller, query)
      .then(async (reader) => {
        const item = await reader.next();
        reader.stop();
        return item;
      })
      .catch((error: unknown) => String((error as Error).cause ?? error));
    this.observed.push(this.named(JSON.stringify(['status', id, first])));
  }

  feed(): Promise<Reader<object>> {
    return this.#gateway.subscribeAs(
      this.caller,
      'subscription { eventFeed { kind status event { id topic project } } }',
    );
  }

  progress(): Promise<Reader<object>> {
    return this.#gateway.subscribeAs(
      this.caller,
      'subscription { eventProgress { eventId topic progress } }',
    );
  }
}

const plain = {
  progress: (id: string) => `mutation { updateEvent(input: {id: "${id}", progress: 5}) { id } }`,
  delete: (id: string) => `mutation { deleteEvent(id: "${id}") }`,
  extend: (id: string) => `mutation { extendLease(eventId: "${id}", attempt: 1) { attempt worker } }`,
  release: (id: string) => `mutation { releaseJob(eventId: "${id}", attempt: 1) { ${shown} } }`,
  node: (id: string) => `{ node(id: "${id}") { id } event(id: "${id}") { ${shown} } }`,
};

const lists = {
  list: () => `{ events(orderBy: {by: CREATED, direction: ASC}) { totalCount totalIsExact nodes { ${shown} } pageInfo { hasNextPage } }
    free: events(filter: {hasDependents: false}) { totalCount }
    changed: events(orderBy: {by: UPDATED, direction: DESC}) { nodes { id } } }`,
  chain:
    () => `{ eventChain(requestId: "r1") { roots { id } events { id } countByStatus { status count } failedLeaves { id } }
    eventLogByRequestId(requestId: "r2") { id } eventLog(fullName: "t.x") { totalCount rowDatas { id } } }`,
  topics: (
    project: string,
  ) => `{ topics { name count declared } subscriptions { nodes { id lag } } triggers { name }
    eventByHash(hash: "${project} h1") { ${shown} } }`,
  trigger: (project: string) =>
    `mutation { createTrigger(input: {name: "hook-of-${project}", webhook: {}}) { name topic } }`,
};
