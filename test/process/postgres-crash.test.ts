// `kill -9` of Postgres under a gateway that stays: callers get answers, and it recovers by itself with nothing lost.
import { afterAll, describe, expect, test, vi } from 'vitest';
import { noProgramsHint, OwnPostgres, serverPrograms } from '../support/own-postgres.ts';
import { ask, settingsFor, startGateway } from '../support/process.ts';
import { Crowd, patience } from './crowd.ts';
import { discrepancies } from './ledger.ts';
import { seeded, whole } from './random.ts';

const crashes = 5;
const servers: OwnPostgres[] = [];
afterAll(() => Promise.all(servers.map((server) => server.remove())));

async function ownServer(): Promise<OwnPostgres> {
  const server = await OwnPostgres.create();
  servers.push(server);
  return server;
}

async function readiness(url: string): Promise<number> {
  return (await fetch(`${url}/ready`)).status;
}

/** Of a query while the database is away. */
async function codeOfQuery(url: string): Promise<string | undefined> {
  const { errors } = await ask(url, '{ eventByHash(hash: "none") { id } }', {
    withinMs: 20_000,
  });
  return errors[0]?.extensions.code;
}

/** The senders get DATABASE_UNAVAILABLE, after the gateway's own retry time. */
async function untilRefused({ ledger }: Crowd): Promise<void> {
  const before = ledger.refusals.get('DATABASE_UNAVAILABLE') ?? 0;
  await vi.waitFor(
    () => expect(ledger.refusals.get('DATABASE_UNAVAILABLE') ?? 0).toBeGreaterThan(before),
    patience,
  );
}

describe.skipIf(serverPrograms === null)(
  `A gateway whose Postgres is killed${serverPrograms === null ? ` (${noProgramsHint})` : ''}`,
  () => {
    test('answers in bounded time, recovers by itself, and loses and doubles nothing', async () => {
      const random = seeded(3);
      const server = await ownServer();
      const gateway = await startGateway(
        settingsFor({
          url: await server.createDatabase('throughline'),
          folder: '',
        }),
      );
      const url = await gateway.url;
      const crowd = new Crowd();
      crowd.address.set(url);
      for (let count = 0; count < crashes; count += 1) {
        await crowd.busy(20 + whole(random, 100));
        await server.crash();
        await vi.waitFor(async () => expect(await readiness(url)).toBe(503), patience);
        // Long outages and short ones: callers are refused in some, and wait through others.
        if (count % 2 === 0) {
          expect(await codeOfQuery(url)).toBe('DATABASE_UNAVAILABLE');
          await untilRefused(crowd);
        }
        expect((await fetch(`${url}/health`)).status).toBe(200);
        await server.start();
        await vi.waitFor(async () => expect(await readiness(url)).toBe(200), patience);
        await crowd.busy(1);
        expect(await discrepancies(crowd.ledger, url)).toEqual([]);
      }
      await crowd.settle(url);
      expect([...crowd.ledger.refusals.keys()]).toEqual(['DATABASE_UNAVAILABLE']);
      await gateway.stop();
    }, 480_000);
  },
);
