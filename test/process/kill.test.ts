// `kill -9` of a gateway under concurrent senders, again and again: what was answered is there, nothing is there twice.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test, vi } from 'vitest';
import { describeEmbedded, describePostgres } from '../support/database.ts';
import { onServer } from '../support/postgres-server.ts';
import { GatewayProcess, type Settings, settingsFor, startGateway } from '../support/process.ts';
import { Crowd, patience } from './crowd.ts';
import { discrepancies } from './ledger.ts';
import { type Random, seeded, whole } from './random.ts';

const kills = 20;
const testMs = 480_000;

/** One life of a gateway: what the ones before answered is there, while more is sent; and then it is killed. */
async function liveAndDie(settings: Settings, crowd: Crowd, random: Random): Promise<void> {
  const gateway = await startGateway(settings);
  const url = await gateway.url;
  crowd.address.set(url);
  const [wrong] = await Promise.all([discrepancies(crowd.ledger, url), crowd.busy(whole(random, 60))]);
  await delay(random() * 20);
  crowd.address.clear();
  await gateway.kill();
  expect(wrong).toEqual([]);
}

/** A start that is cut short somewhere, or just after its end. */
async function dieStarting(settings: Settings, random: Random): Promise<void> {
  const gateway = new GatewayProcess(settings);
  await Promise.race([delay(random() * 1_500), gateway.exit]);
  await gateway.kill();
  expect(gateway.stderr).not.toContain('throughline: ');
}

async function surviveKills(settings: Settings, seed: number): Promise<void> {
  const random = seeded(seed);
  const crowd = new Crowd();
  for (let count = 0; count < kills; count += 1) {
    await liveAndDie(settings, crowd, random);
    if (count % 5 === 4) await dieStarting(settings, random);
  }
  const gateway = await startGateway(settings);
  crowd.address.set(await gateway.url);
  await crowd.settle(await gateway.url);
  await gateway.stop();
}

/** Kills a first start as soon as each of these facts holds. */
async function killFirstStarts(settings: Settings, stages: readonly (() => unknown)[]): Promise<void> {
  for (const stage of stages) {
    const gateway = new GatewayProcess(settings);
    await vi.waitFor(async () => expect(await stage()).toBeTruthy(), patience);
    await gateway.kill();
    expect(gateway.stderr).not.toContain('throughline: ');
  }
}

describeEmbedded('A gateway killed under load', () => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  test(
    'loses and doubles nothing, and its folder opens again every time, also after first starts cut short',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'throughline-kill-'));
      folders.push(folder);
      const settings = settingsFor({ folder });
      const has = (name: string) => existsSync(join(folder, name));
      await killFirstStarts(settings, [
        () => has('lock/holder'),
        () => has('data.new') || has('data'),
        () => has('data/PG_VERSION'),
      ]);
      await surviveKills(settings, 1);
    },
    testMs,
  );
});

describePostgres('A gateway killed under load', (backend) => {
  test(
    'loses and doubles nothing, also after first starts cut short',
    async () => {
      const url = await backend.emptyDatabase();
      const settings = settingsFor({ url, folder: '' });
      const some = async (sql: string) => (await onServer(url, sql)).length > 0;
      // Facts that stay, so that no look comes too late for them.
      await killFirstStarts(settings, [
        () =>
          some(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'throughline'`,
          ),
        () => some(`SELECT FROM pg_tables WHERE tablename = '_prisma_migrations'`),
      ]);
      await surviveKills(settings, 2);
    },
    testMs,
  );
});
