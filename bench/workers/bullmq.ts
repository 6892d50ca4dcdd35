// A worker of BullMQ on Redis in this process, with the concurrency that its documentation names for quick jobs.
import { openBull, runBull } from '../peers.ts';
import { someDeliveries } from '../deliveries.ts';
import { Done, expectCount, type JobSystem } from './job-system.ts';

export async function bullWorkers(concurrency: number): Promise<JobSystem> {
  const name = `throughline-bench-${process.pid}-${concurrency}`;
  const queue = await openBull(name);
  let total = 0;
  return {
    fill: async (count) => {
      await queue.addBulk(someDeliveries(count).map((data) => ({ name: 'work', data })));
    },
    drain: async (count) => {
      const done = new Done();
      let began = 0;
      let allDone = () => {};
      const ended = new Promise<void>((resolve) => (allDone = resolve));
      const worker = await runBull(name, concurrency, () => void (began ||= performance.now()));
      worker.on('completed', ({ id }) => {
        done.add(id);
        if (done.count === count) allDone();
      });
      await ended;
      const seconds = (performance.now() - began) / 1_000;
      await worker.close();
      total += count;
      const { completed } = await queue.getJobCounts('completed');
      expectCount('jobs on record', completed ?? 0, total);
      return count / seconds;
    },
    close: async () => {
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
}
