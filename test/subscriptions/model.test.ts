// Random walks of durable subscriptions against a model that filters the log: each subscription yields the matching
// events in order, once with AUTO and at least once with MANUAL, whatever is sent, deleted and restarted in between.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { checkCel } from '../../src/domain/cel/filter.ts';
import type { CelSubject } from '../../src/domain/cel/subject.ts';
import type { AckMode, SubscribeInput } from '../../src/domain/subscriptions/subscription.ts';
import { topicMatches } from '../../src/domain/events/topic.ts';
import { type Backend, describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, operationsOn, tester } from '../support/gateway.ts';
import { drain, type Got, makeKnown, next, pass, read, subscribe } from './support.ts';

const runs = Number(process.env.MODEL_RUNS ?? 20);

const topics = ['a.one', 'a.two', 'b', 'c'];
const senders = ['ann', 'ben'];

const atom = fc.constantFrom(
  `event_type == 'x'`,
  `topic == 'b'`,
  `sender == 'ann'`,
  `project == 'p'`,
  `status == 'FINISHED'`,
  `data.n == 1`,
  `data.n in [1, 2]`,
  `1 == data.n`,
  `data.n > 1`,
  `data.deep.s == 'x'`,
  `has(data.n)`,
  `data.flag`,
  `!data.flag`,
  `data.n == null`,
  `topic.startsWith('a.')`,
);
const filter: fc.Arbitrary<string> = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 2 },
    atom,
    fc
      .tuple(tie('filter'), fc.constantFrom('&&', '||'), tie('filter'))
      .map(([a, by, b]) => `(${a} ${by} ${b})`),
    tie('filter').map((inner) => `!(${inner})`),
  ),
})).filter;

interface Sent {
  readonly topic: string;
  readonly sender: string | null;
  readonly project: string | null;
  readonly eventType: string;
  readonly finished: boolean;
  readonly payload: object;
}

const sent: fc.Arbitrary<Sent> = fc.record({
  topic: fc.constantFrom(...topics),
  sender: fc.constantFrom(...senders, null),
  project: fc.constantFrom('p', 'q', null),
  eventType: fc.constantFrom('x', 'y'),
  finished: fc.boolean(),
  payload: fc.record(
    {
      n: fc.constantFrom<unknown>(0, 1, 2, 1.5, 'x', null, true, [1]),
      deep: fc.constantFrom<unknown>({ s: 'x' }, { s: 1 }, {}, 'x'),
      flag: fc.constantFrom<unknown>(true, false, 'x'),
    },
    { requiredKeys: [] },
  ),
});

const question = fc
  .record({
    source: fc.option(fc.constantFrom(...senders)),
    topics: fc.option(fc.uniqueArray(fc.constantFrom(...topics, 'a.*', '*'), { minLength: 1 })),
    where: fc.option(filter),
    ack: fc.constantFrom<AckMode>('AUTO', 'MANUAL'),
    after: fc.constantFrom('0', null),
  })
  .filter(({ source, topics: patterns }) => source !== null || patterns !== null);

type Step =
  | { readonly kind: 'send'; readonly events: readonly Sent[] }
  | { readonly kind: 'subscribe'; readonly input: SubscribeInput }
  | {
      readonly kind: 'ask';
      readonly gateway: number;
      readonly picks: readonly number[];
      readonly waitingCalls: number;
    }
  | { readonly kind: 'acknowledge' | 'pass' | 'update'; readonly pick: number }
  | { readonly kind: 'restart'; readonly gateway: number };

const nat = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('send' as const), events: fc.array(sent, { maxLength: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), input: question }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      gateway: nat,
      picks: fc.array(nat, { minLength: 1, maxLength: 3 }),
      waitingCalls: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('acknowledge', 'pass', 'update'),
      pick: nat,
    }) as fc.Arbitrary<Step>,
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), gateway: nat }) },
);

interface Kept {
  readonly id: string;
  readonly input: SubscribeInput;
  readonly from: bigint;
  readonly got: Got[];
  readonly acknowledged: Set<string>;
}

/** One walk, on gateways that may restart. */
class Walk {
  readonly #gateways: Composed[];
  readonly #databases: readonly Database[];
  readonly #subscriptions: Kept[] = [];
  /** In log order. */
  readonly #events: { id: string; position: bigint; subject: CelSubject }[] = [];

  constructor(gateways: Composed[], databases: readonly Database[]) {
    this.#gateways = gateways;
    this.#databases = databases;
  }

  async take(plan: Step): Promise<void> {
    const [first] = this.#gateways as [Composed];
    if (plan.kind === 'send') return this.#send(plan.events);
    if (plan.kind === 'subscribe') {
      const id = await subscribe(first, plan.input);
      const { position: from } = await read(first, id);
      return void this.#subscriptions.push({ id, input: plan.input, from, got: [], acknowledged: new Set() });
    }
    if (plan.kind === 'restart') {
      const n = plan.gateway % this.#gateways.length;
      await this.#gateways[n]!.stop();
      this.#gateways[n] = await operationsOn(this.#databases[n]!);
      return;
    }
    if (this.#subscriptions.length === 0) return;
    if (plan.kind === 'ask') return this.#ask(plan);
    const picked = this.#subscriptions[plan.pick % this.#subscriptions.length]!;
    if (plan.kind === 'pass') return pass(first, picked.id);
    if (plan.kind === 'acknowledge') return this.#acknowledge(picked, plan.pick);
    // The log recorded these fields when the event was sent; later changes do not matter.
    const event = this.#events[plan.pick % Math.max(1, this.#events.length)];
    if (event) await first.operations.updateEvent(tester, { id: event.id, project: 'p', sender: 'ann' });
  }

  async #send(events: readonly Sent[]): Promise<void> {
    const [{ operations, read: readEvent }] = this.#gateways as [Composed];
    const outcome = await operations.sendEvents(tester, events);
    for (const event of outcome.events) {
      const { id, position, ...subject } = await readEvent(event!.id);
      this.#events.push({ id, position: position!, subject });
    }
  }

  async #ask({ gateway, picks, waitingCalls }: Extract<Step, { kind: 'ask' }>): Promise<void> {
    const asked = picks.map((pick) => this.#subscriptions[pick % this.#subscriptions.length]!);
    const ids = asked.map(({ id }) => id);
    const answers = await Promise.all(
      Array.from({ length: waitingCalls }, (_, n) =>
        next(this.#gateways[(gateway + n) % this.#gateways.length]!, ids),
      ),
    );
    const got = answers.filter((answer) => answer !== null);
    got.sort((a, b) => Number(a.position - b.position));
    for (const one of got) this.#subscriptions.find(({ id }) => id === one.subscriptionId)!.got.push(one);
  }

  async #acknowledge({ id, input, got, acknowledged }: Kept, pick: number): Promise<void> {
    const one = got[pick % Math.max(1, got.length)];
    if (!one || input.ack !== 'MANUAL') return;
    await this.#gateways[0]!.operations.acknowledge(id, String(one.position));
    acknowledged.add(one.id);
  }

  /** Delivers all remaining events; then each subscription has delivered its matches. */
  async finish(): Promise<void> {
    for (const subscription of this.#subscriptions) {
      const [gateway] = this.#gateways as [Composed];
      const { id, input, got, acknowledged } = subscription;
      const { fits, errors } = this.#expected(subscription);
      if (input.ack === 'AUTO') {
        expect([...got.map((one) => one.id), ...(await drain(gateway, id))]).toEqual(fits);
      } else {
        await pass(gateway, id);
        expect(await drain(gateway, id)).toEqual(fits.filter((event) => !acknowledged.has(event)));
        expect(got.filter((one) => !fits.includes(one.id))).toEqual([]);
      }
      expect(await read(gateway, id)).toMatchObject({ filterErrors: errors });
    }
  }

  #expected({ input, from }: Kept): { fits: string[]; errors: number } {
    const cel = checkCel(input.where);
    const { source = null, topics: patterns = null } = input;
    const concerned = this.#events.filter(
      ({ position, subject: { topic, sender } }) =>
        position > from &&
        (source === null || sender === source) &&
        (patterns === null || patterns.some((pattern) => topicMatches(pattern, topic))),
    );
    const verdicts = concerned.map(({ id, subject }) => ({
      id,
      ...(cel?.test(subject) ?? { matches: true, error: null }),
    }));
    return {
      fits: verdicts.filter(({ matches }) => matches).map(({ id }) => id),
      errors: verdicts.filter(({ error }) => error !== null).length,
    };
  }

  async stop(): Promise<void> {
    for (const gateway of this.#gateways) await gateway.stop();
  }
}

function walks(backend: Backend, count: number): void {
  test(`with ${count} at once, and restarts`, { timeout: 120_000 + runs * 2_000 }, async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const first = await backend.open();
      others ??= await Promise.all(Array.from({ length: count - 1 }, () => backend.openAnother()));
      const databases = [first, ...others];
      const gateways = await Promise.all(databases.map((database) => operationsOn(database)));
      await makeKnown(gateways[0]!, ...senders);
      const walk = new Walk(gateways, databases);
      try {
        for (const one of steps) await walk.take(one);
        await walk.finish();
      } finally {
        await walk.stop();
      }
    });
    await fc.assert(property, { numRuns: runs });
  });
  let others: Database[] | undefined;
}

describeDatabases('the walks of one gateway', (backend) => walks(backend, 1));
describePostgres('the walks of two gateways', (backend) => walks(backend, 2));
