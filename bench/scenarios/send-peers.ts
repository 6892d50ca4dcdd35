// sendEvent over HTTP against what job queues do in process: pg-boss send(), graphile-worker addJob().
import { countOn, createDatabase, dropDatabase } from '../databases.ts';
import { nextDelivery } from '../deliveries.ts';
import { openGraphileJobs, startBoss } from '../peers.ts';
import { startGateway } from '../processes.ts';
import { byTurns, compare, perSecond } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { Sending } from '../sending.ts';
import { expectCount } from '../workers/job-system.ts';

const callers = 20;

export const sendPeers: Scenario = {
  about: 'sendEvent ÷ pg-boss send() and graphile-worker addJob()',
  run: async ({ rounds, ms }) => {
    const [ours, bossUrl, graphileUrl] = [
      await createDatabase(),
      await createDatabase(),
      await createDatabase(),
    ];
    const gateway = await startGateway({ DATABASE_URL: ours });
    const sending = await Sending.open(gateway.url, 50);
    const boss = await startBoss(bossUrl, callers);
    await boss.createQueue('work');
    const graphile = await openGraphileJobs(graphileUrl, callers);
    const sent = { boss: 0, graphile: 0 };
    const figures = await byTurns(
      {
        ours: () => sending.round(ms),
        boss: () =>
          perSecond(ms, callers, async () => {
            await boss.send('work', nextDelivery());
            sent.boss += 1;
            return 1;
          }),
        graphile: () =>
          perSecond(ms, callers, async () => {
            await graphile.addJob('work', nextDelivery());
            sent.graphile += 1;
            return 1;
          }),
      },
      rounds,
    );
    expectCount('jobs of pg-boss', await countOn(bossUrl, 'SELECT count(*) FROM pgboss.job'), sent.boss);
    const inGraphile = await countOn(graphileUrl, 'SELECT count(*) FROM graphile_worker._private_jobs');
    expectCount('jobs of graphile-worker', inGraphile, sent.graphile);
    sending.close();
    await Promise.all([gateway.stop(), boss.stop({ graceful: true, timeout: 1_000 }), graphile.release()]);
    for (const url of [ours, bossUrl, graphileUrl]) await dropDatabase(url);
    const shared = { aim: '2', unit: 'events/s', ours: figures.ours };
    return [
      compare({
        ...shared,
        scenario: 'sendEvent, 50 connections ÷ pg-boss send(), 20 callers',
        theirs: figures.boss,
        goal: { least: 2.5 },
      }),
      compare({
        ...shared,
        scenario: 'sendEvent, 50 connections ÷ graphile-worker addJob(), 20 callers',
        theirs: figures.graphile,
        goal: { least: 5 },
      }),
    ];
  },
};
