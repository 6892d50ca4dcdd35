// Jobs against a plain model: whatever is sent, asked for, reported, lost and deleted in whatever order, both agree.
import fc, { type AsyncCommand } from 'fast-check';
import { test } from 'vitest';
import type { EventStatus } from '../../src/domain/events/event.ts';
import { type Backend, describeDatabases, describePostgres } from '../support/database.ts';
import { operationsOn } from '../support/gateway.ts';
import { Model } from './model.ts';
import { sequentialTarget } from './model-check.ts';
import type { ConsumerPlan } from './model-cursors.ts';
import { type Plan, type Real, Step } from './model-steps.ts';

/** Set for a long search; what to give as PROPERTY_SEED to see a failure again is printed with it. */
const runs = Number(process.env.MODEL_RUNS ?? 30);

function definition(
  topics: readonly string[],
  target: string,
  more: Partial<ConsumerPlan> = {},
): ConsumerPlan {
  const plan = { topics, target, ignoredSenderType: null, n: null, ignoreOlderThanDays: 0, ...more };
  return { ...plan, key: `${topics.toSorted().join('+')} to ${target} ${JSON.stringify(more)}` };
}

/** For one target each: some want the same sources in other words, some the jobs of another. */
const definitions = [
  definition(['a.one'], 'x'),
  definition(['a.*'], 'x', { n: 1 }),
  definition(['a.one', 'b'], 'x', { ignoredSenderType: 'robot' }),
  definition(['b', 'a.one'], 'x', { ignoredSenderType: 'robot' }),
  definition(['*'], 'y', { ignoreOlderThanDays: 1 }),
  definition(['b', 'x'], 'y'),
] as const;
const sequentialDefinitions = [
  definition(['a.one', 'a.two'], sequentialTarget),
  definition(['a.*', 'x'], sequentialTarget, { ignoredSenderType: 'robot' }),
  definition(['a.one', 'a.two'], sequentialTarget, { n: 1 }),
] as const;

const pick: fc.Arbitrary<number> = fc.nat(20);
const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { arbitrary: fc.constant(usual), weight: 2 },
    { arbitrary: fc.constantFrom(...others), weight: 1 },
  );
const status = fc.constantFrom<EventStatus>(
  'PENDING',
  'IN_PROGRESS',
  'FINISHED',
  'FAILED',
  'ABORTED',
  'RESTARTED',
);

function plans(gateways: number): fc.Arbitrary<Plan> {
  const gateway = fc.nat(gateways - 1);
  const terms = {
    kind: fc.constant('ask'),
    gateway,
    count: fc.constantFrom(1, 1, 2, 20),
    worker: fc.constantFrom('ann', 'ben'),
    sticky: fc.boolean(),
    maxRetries: fc.constantFrom(0, 1, 2),
    retryDelayMs: fc.constantFrom(0, 600_000),
    leaseMs: fc.constantFrom(600_000, 1_200_000),
  } as const;
  const weighted: [number, fc.Arbitrary<Plan>][] = [
    [
      8,
      fc.record({
        kind: fc.constant('send'),
        topic: fc.constantFrom('a.one', 'a.one', 'a.one', 'a.two', 'b', 'x'),
        senderType: fc.constantFrom(null, 'person', 'robot'),
        n: fc.constantFrom(null, 1, 2),
        finished: often(true, false),
        below: fc.option<number>(pick, { freq: 4 }),
      }),
    ],
    [
      3,
      fc.record({
        kind: fc.constant('source'),
        pick,
        status: often<EventStatus>('FINISHED', 'RESTARTED', 'ABORTED'),
      }),
    ],
    [
      8,
      fc.record({
        ...terms,
        definition: often<ConsumerPlan>(...definitions),
        sequential: often(false, true),
      }),
    ],
    [
      9,
      fc.record({
        ...terms,
        definition: often<ConsumerPlan>(...sequentialDefinitions),
        sequential: fc.constant(true),
      }),
    ],
    [
      12,
      fc.record({
        kind: fc.constant('report'),
        pick,
        status: fc.constantFrom<EventStatus | null>(
          null,
          'PENDING',
          'IN_PROGRESS',
          'FINISHED',
          'FAILED',
          'FAILED',
          'RESTARTED',
        ),
        content: fc.boolean(),
        retries: often<number | null>(null, 0, 1, 2),
      }),
    ],
    [
      6,
      fc.record({
        kind: fc.constant('write'),
        pick,
        status: fc.option<EventStatus>(status),
        content: fc.boolean(),
        attempt: often<number | null>(null, -1, 0, 1),
      }),
    ],
    [2, fc.record({ kind: fc.constant('heartbeat'), pick, attempt: often(0, -1, 1) })],
    [2, fc.record({ kind: fc.constant('release'), pick, attempt: often(0, -1, 1) })],
    [7, fc.record({ kind: fc.constant('pass'), pick })],
    [6, fc.record({ kind: fc.constant('again'), pick })],
    [3, fc.record({ kind: fc.constant('delete job'), pick })],
    [1, fc.record({ kind: fc.constant('delete'), pick })],
    [3, fc.record({ kind: fc.constant('sweep'), gateway })],
    [2, fc.record({ kind: fc.constant('restart'), gateway })],
  ];
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

async function search(backend: Backend, gateways: number): Promise<void> {
  const steps = fc.commands([plans(gateways).map((plan) => new Step(plan))], {
    maxCommands: 100,
    size: 'max',
  });
  const run = async (commands: Iterable<AsyncCommand<Model, Real>>) => {
    const databases = [await backend.open()];
    while (databases.length < gateways) databases.push(await another(backend));
    const real: Real = {
      gateways: await Promise.all(databases.map((database) => operationsOn(database))),
      restart: async (n) => {
        await real.gateways[n]!.stop();
        real.gateways[n] = await operationsOn(databases[n]!);
      },
      turn: 0,
    };
    try {
      await fc.asyncModelRun(() => ({ model: new Model(gateways), real }), commands);
    } finally {
      for (const gateway of real.gateways) await gateway.stop();
    }
  };
  await fc.assert(fc.asyncProperty(fc.noBias(steps), run), {
    numRuns: runs,
    interruptAfterTimeLimit: Number(process.env.MODEL_MS ?? 100_000),
  });
}

const opened = new WeakMap<Backend, Promise<Awaited<ReturnType<Backend['openAnother']>>>>();

/** The second gateway's, the same in all runs. */
function another(backend: Backend) {
  const known = opened.get(backend) ?? backend.openAnother();
  opened.set(backend, known);
  return known;
}

describeDatabases('jobs', (backend) => {
  test('are what the model says', { timeout: 240_000 }, () => search(backend, 1));
});

describePostgres('jobs of two gateways', (backend) => {
  test('are what the model says', { timeout: 240_000 }, () => search(backend, 2));
});
