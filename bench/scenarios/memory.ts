// What memory each of 10,000 idle subscribers takes in the gateway, each on a WebSocket of its own.
import { once } from 'node:events';
import { Connection } from '../connections.ts';
import { createDatabase, dropDatabase } from '../databases.ts';
import { nextDelivery } from '../deliveries.ts';
import { type Server, startGateway } from '../processes.ts';
import { alone } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { sendAll } from '../sending.ts';
import { Subscribers } from '../subscribers.ts';

/** Once garbage is collected. */
async function memoryOf({ child }: Server): Promise<{ held: number; resident: number }> {
  child.send('memory');
  const [{ heapUsed, external, rss }] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return { held: heapUsed + external, resident: rss };
}

export const memory: Scenario = {
  about: 'memory for each of 10,000 idle subscribers',
  run: async ({ size }) => {
    const count = Math.round(10_000 * size);
    const databaseUrl = await createDatabase();
    const gateway = await startGateway({ DATABASE_URL: databaseUrl }, [
      '--expose-gc',
      '--import',
      './bench/memory.mjs',
    ]);
    const query =
      'subscription { eventFeed(filter: {topics: ["bench.idle"]}) { position kind status event { id topic } } }';
    const connection = await Connection.open(gateway.url);
    const send = () => sendAll(connection, [{ topic: 'bench.idle', payload: nextDelivery() }]);
    // What the first hundred make it load and compile is not theirs.
    const warm = await Subscribers.open(`${gateway.url}/graphql`, 100);
    for (const subscriber of warm.all) await subscriber.subscribe(query);
    await warm.ready(send);
    const before = await memoryOf(gateway);
    const idle = await Subscribers.open(`${gateway.url}/graphql`, count);
    for (const subscriber of idle.all) await subscriber.subscribe(query);
    await idle.ready(send);
    const after = await memoryOf(gateway);
    idle.close();
    warm.close();
    connection.close();
    await gateway.stop();
    await dropDatabase(databaseUrl);
    const each = (which: 'held' | 'resident') => [(after[which] - before[which]) / count / 1_024];
    const scenario = `each of ${count.toLocaleString('en-US')} idle subscribers on WebSockets of their own`;
    return [
      alone({
        aim: '11',
        scenario: `${scenario}, resident`,
        unit: 'KB',
        ours: each('resident'),
        goal: { most: 20 },
      }),
      alone({ scenario: `${scenario}, heap and buffers after a collection`, unit: 'KB', ours: each('held') }),
    ];
  },
};
