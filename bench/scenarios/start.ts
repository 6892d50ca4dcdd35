// From starting the process to the answer to a first send, with an empty folder and with one that was used before.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../connections.ts';
import { nextDelivery } from '../deliveries.ts';
import { startGateway } from '../processes.ts';
import { alone, byTurns } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';

async function secondsToFirstAnswer(folder: string): Promise<number> {
  const began = performance.now();
  const gateway = await startGateway({ THROUGHLINE_DATA: folder });
  const connection = await Connection.open(gateway.url);
  const query =
    'mutation ($payload: JSON!) { sendEvent(input: {topic: "bench.start", payload: $payload}) { event { id } } }';
  await connection.ask(query, { payload: nextDelivery() });
  const seconds = (performance.now() - began) / 1_000;
  connection.close();
  await gateway.stop();
  return seconds;
}

export const start: Scenario = {
  about: 'first and later starts, embedded, up to the first answered send',
  run: async ({ rounds }) => {
    let folder = '';
    const fresh = () => {
      rmSync(folder, { recursive: true, force: true });
      folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
      return secondsToFirstAnswer(folder);
    };
    const { first, later } = await byTurns(
      { first: fresh, later: () => secondsToFirstAnswer(folder) },
      rounds,
    );
    rmSync(folder, { recursive: true, force: true });
    const shared = { aim: '12', unit: 's' };
    return [
      alone({
        ...shared,
        scenario: 'first start to first answered send, embedded',
        ours: first,
        goal: { most: 3 },
      }),
      alone({ ...shared, scenario: 'later starts', ours: later, goal: { most: 1 } }),
    ];
  },
};
