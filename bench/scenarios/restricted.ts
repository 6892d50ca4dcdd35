// What restrictions cost: sendEvent and a page of 50 with a key for one project, against the admin's key, on Postgres.
import { Connection, requestOf } from '../connections.ts';
import { createDatabase, dropDatabase } from '../databases.ts';
import { key as adminKey, startGateway } from '../processes.ts';
import { byTurns, compare, perSecond, type Row } from '../rounds.ts';
import type { Scenario, Settings } from '../scenario.ts';
import { sendAll } from '../sending.ts';
import { askFor } from './reading.ts';

const project = 'shop';
const connections = 50;
const events = 5_000;

/** The secret of a new key for the project. */
async function restrictedKey(connection: Connection): Promise<string> {
  const input = { name: 'limited', scopes: ['events:read', 'events:send'], projects: [project] };
  const { createKey } = await connection.ask<{ readonly createKey: { readonly secret: string } }>(
    'mutation ($input: CreateKeyInput!) { createKey(input: $input) { secret } }',
    { input },
  );
  return createKey.secret;
}

function requestAs(secret: string, url: string, query: string): Buffer {
  return Buffer.from(requestOf(url, query).toString().replace(adminKey, secret));
}

async function compareKeys(url: string, { rounds, ms }: Settings): Promise<Row[]> {
  const lanes = await Connection.openMany(url, connections);
  await sendAll(
    lanes[0]!,
    Array.from({ length: events }, () => ({ topic: 'order', project })),
  );
  const limited = await restrictedKey(lanes[0]!);
  const send = `mutation { sendEvent(input: {topic: "sent", project: "${project}", payload: {n: 1}}) { event { id position } } }`;
  const page = '{ events(first: 50) { nodes { id topic createdAt } } }';
  const sends = (secret: string) => {
    const request = requestAs(secret, url, send);
    return () =>
      perSecond(ms, connections, async (lane) => {
        await lanes[lane]!.send(request);
        return 1;
      });
  };
  const reads = (secret: string) => {
    const request = requestAs(secret, url, page);
    return () =>
      perSecond(ms / 2, 10, async (lane) => {
        await askFor(lanes[lane]!, request, 50);
        return 1;
      });
  };
  const row = async (scenario: string, unit: string, side: (secret: string) => () => Promise<number>) => {
    const sides = { ours: side(limited), theirs: side(adminKey) };
    return compare({ aim: '13', scenario, unit, ...(await byTurns(sides, rounds)), goal: { least: 0.95 } });
  };
  const rows = [
    await row('events page of 50, key for one project ÷ admin', 'answers/s', reads),
    await row('sendEvent, 50 connections, key for one project ÷ admin', 'events/s', sends),
  ];
  for (const lane of lanes) lane.close();
  return rows;
}

export const restricted: Scenario = {
  about: 'sendEvent and a page of 50 with a key for one project ÷ with the admin’s key',
  needsPeers: false,
  run: async (settings) => {
    const databaseUrl = await createDatabase();
    const gateway = await startGateway({ DATABASE_URL: databaseUrl });
    const rows = await compareKeys(gateway.url, settings);
    await gateway.stop();
    await dropDatabase(databaseUrl);
    return rows;
  },
};
