// sendEvent over HTTP against a mutation that does nothing on the same server, on Postgres and embedded.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabase } from '../databases.ts';
import { startGateway } from '../processes.ts';
import { byTurns, compare, type Row } from '../rounds.ts';
import type { Scenario, Settings } from '../scenario.ts';
import { Sending } from '../sending.ts';

async function on(name: string, settings: Record<string, string>, { rounds, ms }: Settings): Promise<Row> {
  const gateway = await startGateway(settings, ['--import', './bench/noop.mjs']);
  const sending = await Sending.open(gateway.url, 50);
  const { send, noop } = await byTurns(
    { send: () => sending.round(ms), noop: () => sending.round(ms, 'noop') },
    rounds,
  );
  sending.close();
  await gateway.stop();
  return compare({
    aim: '1',
    scenario: `sendEvent, 50 connections, ${name} ÷ a mutation that does nothing`,
    unit: 'events/s',
    ours: send,
    theirs: noop,
    goal: { least: 0.9 },
  });
}

export const send: Scenario = {
  about: 'sendEvent ÷ a mutation that does nothing, on Postgres and embedded',
  run: async (settings) => {
    const databaseUrl = await createDatabase();
    const onPostgres = await on('Postgres', { DATABASE_URL: databaseUrl }, settings);
    await dropDatabase(databaseUrl);
    const folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
    const embedded = await on('embedded', { THROUGHLINE_DATA: folder }, settings);
    rmSync(folder, { recursive: true, force: true });
    return [onPostgres, embedded];
  },
};
