// Having jobs done, by the hundred and one by one, against pg-boss, graphile-worker and BullMQ.
import { byTurns, compare, type Row } from '../rounds.ts';
import type { Scenario, Settings } from '../scenario.ts';
import { bullWorkers } from '../workers/bullmq.ts';
import { byDefault, graphileWorkers } from '../workers/graphile-worker.ts';
import type { JobSystem } from '../workers/job-system.ts';
import { bossWork, bossWorkers } from '../workers/pg-boss.ts';
import { pushedWorkers } from '../workers/pushed.ts';
import { throughlineWorkers } from '../workers/throughline.ts';

interface Against {
  readonly peer: string;
  readonly system: JobSystem;
  readonly least?: number;
}

interface Work {
  readonly aim: string;
  readonly scenario: string;
  readonly ours: JobSystem;
  readonly peers: readonly Against[];
}

export async function measure(
  { aim, scenario, ours, peers }: Work,
  jobs: number,
  rounds: number,
): Promise<Row[]> {
  const done = (system: JobSystem) => async () => {
    await system.fill(jobs);
    return system.drain(jobs);
  };
  const sides = Object.fromEntries(peers.map(({ peer, system }) => [peer, done(system)]));
  const figures = await byTurns({ ours: done(ours), ...sides }, rounds);
  for (const system of [ours, ...peers.map(({ system }) => system)]) await system.close();
  return peers.map(({ peer, least }) =>
    compare({
      aim: least === undefined ? '' : aim,
      scenario: `${scenario} ÷ ${peer}`,
      unit: 'jobs/s',
      ours: figures.ours,
      theirs: figures[peer as 'ours'],
      ...(least !== undefined && { goal: { least } }),
    }),
  );
}

export const jobs: Scenario = {
  about: 'enrollMany(100) and updateEvents ÷ pg-boss, graphile-worker and BullMQ',
  run: async ({ rounds, size }: Settings) =>
    measure(
      {
        aim: '4',
        scenario: 'enrollMany(100) + updateEvents, 4 workers',
        ours: await throughlineWorkers(4, 'hundred'),
        peers: [
          {
            peer: 'pg-boss fetch + complete by 100, 4 workers',
            system: await bossWorkers(4, 100),
            least: 1.2,
          },
          { peer: 'graphile-worker, local queue of 500', system: await graphileWorkers(), least: 1.2 },
          { peer: 'BullMQ on Redis, concurrency 100', system: await bullWorkers(100) },
        ],
      },
      Math.round(4_000 * size),
      rounds,
    ),
};

export const singleJobs: Scenario = {
  about: 'enroll and updateEvent one by one ÷ pg-boss, graphile-worker and BullMQ',
  run: async ({ rounds, size }: Settings) =>
    measure(
      {
        aim: '5',
        scenario: 'enroll + updateEvent by one, 20 workers',
        ours: await throughlineWorkers(20, 'one'),
        peers: [
          { peer: 'pg-boss fetch + complete by one, 20 workers', system: await bossWorkers(20, 1), least: 2 },
          {
            peer: 'graphile-worker by default, 20 at once',
            system: await graphileWorkers(byDefault(20)),
            least: 1,
          },
          { peer: 'BullMQ on Redis, concurrency 20', system: await bullWorkers(20) },
        ],
      },
      Math.round(2_000 * size),
      rounds,
    ),
};

export const pushedJobs: Scenario = {
  about: 'jobs pushed over one WebSocket ÷ pg-boss and graphile-worker',
  run: async ({ rounds, size }: Settings) => [
    ...(await measure(
      {
        aim: 'pushed',
        scenario: 'pushed, prefetch 20, one updateEvent each',
        ours: await pushedWorkers(20, 1),
        peers: [
          { peer: 'pg-boss work() by 20', system: await bossWork(20), least: 1.5 },
          { peer: 'pg-boss fetch + complete by one, 20 workers', system: await bossWorkers(20, 1) },
          {
            peer: 'graphile-worker by default, 20 at once',
            system: await graphileWorkers(byDefault(20)),
            least: 1,
          },
        ],
      },
      Math.round(4_000 * size),
      rounds,
    )),
    ...(await measure(
      {
        aim: 'pushed',
        scenario: 'pushed, prefetch 500, updateEvents by 100',
        ours: await pushedWorkers(500, 100),
        peers: [
          {
            peer: 'pg-boss fetch + complete by 100, 4 workers',
            system: await bossWorkers(4, 100),
            least: 0.9,
          },
          { peer: 'graphile-worker, local queue of 500', system: await graphileWorkers(), least: 0.5 },
        ],
      },
      Math.round(8_000 * size),
      rounds,
    )),
  ],
};
