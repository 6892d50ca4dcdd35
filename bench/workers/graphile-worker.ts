// Workers of graphile-worker in this process, by its defaults or as its page on performance has it for throughput.
import { setTimeout as delay } from 'node:timers/promises';
import { countOn, createDatabase, dropDatabase } from '../databases.ts';
import { someDeliveries } from '../deliveries.ts';
import { openGraphileJobs, runGraphile } from '../peers.ts';
import { Done, expectCount, type JobSystem } from './job-system.ts';

/** As on its page on performance. */
const forThroughput = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

export const byDefault = (workers: number) => ({ concurrentJobs: workers, maxPoolSize: workers + 2 });

export async function graphileWorkers(worker: object = forThroughput): Promise<JobSystem> {
  const connectionString = await createDatabase();
  const jobs = await openGraphileJobs(connectionString, 10);
  return {
    fill: async (count) => {
      await jobs.addJobs(someDeliveries(count).map((payload) => ({ identifier: 'work', payload })));
    },
    // Its clock starts with the first job, so that making a runner is not counted.
    drain: async (count) => {
      const done = new Done();
      let began = 0;
      let completed = 0;
      let allDone = () => {};
      const ended = new Promise<void>((resolve) => (allDone = resolve));
      const runner = await runGraphile({
        connectionString,
        worker,
        task: (_, id) => {
          began ||= performance.now();
          done.add(id);
        },
        completed: () => {
          completed += 1;
          if (completed === count) allDone();
        },
      });
      await ended;
      const seconds = (performance.now() - began) / 1_000;
      expectCount('jobs done', done.count, count);
      await untilEmpty(connectionString);
      await runner.stop();
      return count / seconds;
    },
    close: async () => {
      await jobs.release();
      await dropDatabase(connectionString);
    },
  };
}

/** What is completed is deleted, a moment after its event says so: it keeps no history. */
async function untilEmpty(url: string): Promise<void> {
  let left = Number.NaN;
  for (let tries = 0; left !== 0 && tries < 100; tries += 1) {
    await delay(20);
    left = await countOn(url, 'SELECT count(*) FROM graphile_worker._private_jobs');
  }
  expectCount('jobs left', left, 0);
}
