// Workers of pg-boss in this process: loops of fetch and complete, without the pauses that work() would make.
import { countOn, createDatabase, dropDatabase } from '../databases.ts';
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
