// Workers of pg-boss in this process: loops of fetch and complete, without the pauses that work() would make; and work() itself.
import { setTimeout as delay } from 'node:timers/promises';
import { connectTo, countOn, createDatabase, dropDatabase } from '../databases.ts';
import { someDeliveries } from '../deliveries.ts';
import { startBoss } from '../peers.ts';
import { Done, expectCount, type JobSystem } from './job-system.ts';

export async function bossWorkers(workers: number, batchSize: number): Promise<JobSystem> {
  const databaseUrl = await createDatabase();
  const boss = await startBoss(databaseUrl, workers);
  await boss.createQueue('work');
  let total = 0;
  const untilNone = async (done: Done) => {
    for (;;) {
      const jobs = await boss.fetch('work', { batchSize });
      if (jobs.length === 0) return;
      const ids = jobs.map(({ id }) => id);
      await boss.complete('work', ids);
      for (const id of ids) done.add(id);
    }
  };
  return {
    fill: async (count) => {
      await boss.insert(
        'work',
        someDeliveries(count).map((data) => ({ data })),
      );
    },
    drain: async (count) => {
      const done = new Done();
      const began = performance.now();
      await Promise.all(Array.from({ length: workers }, () => untilNone(done)));
      const seconds = (performance.now() - began) / 1_000;
      total += count;
      expectCount('jobs done', done.count, count);
      const recorded = `SELECT count(*) FROM pgboss.job WHERE state = 'completed'`;
      expectCount('jobs on record', await countOn(databaseUrl, recorded), total);
      return count / seconds;
    },
    close: async () => {
      await boss.stop({ graceful: true, timeout: 1_000 });
      await dropDatabase(databaseUrl);
    },
  };
}

/** Its own `work()`, with batches that follow one another without a pause while they are full. */
export async function bossWork(batchSize: number): Promise<JobSystem> {
  const databaseUrl = await createDatabase();
  const boss = await startBoss(databaseUrl, batchSize);
  await boss.createQueue('work');
  let total = 0;
  return {
    fill: async (count) => {
      await boss.insert(
        'work',
        someDeliveries(count).map((data) => ({ data })),
      );
    },
    // Its clock starts with the first jobs, so that the wait for the first fetch is not counted.
    drain: async (count) => {
      const done = new Done();
      let began = 0;
      await boss.work(
        'work',
        { batchSize, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
        async (jobs) => {
          began ||= performance.now();
          for (const { id } of jobs) done.add(id);
        },
      );
      const recorded = `SELECT count(*) FROM pgboss.job WHERE state = 'completed'`;
      total += count;
      const watching = await connectTo(databaseUrl);
      let completed = 0;
      while (completed < total) {
        await delay(10);
        completed = Number((await watching.query(recorded)).rows[0].count);
      }
      const seconds = (performance.now() - began) / 1_000;
      await watching.end();
      await boss.offWork('work');
      expectCount('jobs done', done.count, count);
      return count / seconds;
    },
    close: async () => {
      await boss.stop({ graceful: true, timeout: 1_000 });
      await dropDatabase(databaseUrl);
    },
  };
}
