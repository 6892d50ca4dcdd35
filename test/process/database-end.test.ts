// The embedded database ends under a running gateway: open calls are answered, the process ends with a line, nothing is lost.
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { describeEmbedded } from '../support/database.ts';
import { adminKey, ask, type GatewayProcess, settingsFor, startGateway } from '../support/process.ts';

const send = 'mutation($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }';
const count = '{ events(first: 1, filter: {topics: ["kept"]}) { totalCount } }';

/** Sends until the database fails; how many were acknowledged, and the codes of the others. */
async function sendToTheEnd(gateway: GatewayProcess, text: string) {
  const url = await gateway.url;
  let acknowledged = 0;
  const codes: string[] = [];
  let isOver = false;
  void gateway.exit.then(() => (isOver = true));
  while (!isOver) {
    const input = { topic: 'kept', payload: { n: acknowledged, text } };
    const answer = await ask(url, send, { variables: { input } }).catch(() => undefined);
    if (answer?.data) acknowledged += 1;
    else codes.push(...(answer?.errors ?? []).map(({ extensions }) => extensions.code));
  }
  return { acknowledged, codes };
}

/** Resolves once the call of enroll has reached the gateway: the database may end at the next write of any kind. */
async function consumerOf(gateway: GatewayProcess): Promise<void> {
  const query = '{ consumers(targetTopic: "job") { nodes { id } } }';
  for (;;) {
    const { data } = await ask<{ consumers: { nodes: unknown[] } }>(await gateway.url, query);
    if (data!.consumers.nodes.length > 0) return;
  }
}

describeEmbedded('A database that ends under its gateway', (backend) => {
  test('ends the process with a line and a code, and the next start has all that was acknowledged', async () => {
    const target = await backend.target();
    const settings = settingsFor(target);
    const gateway = await startGateway(settings);
    const waiting = ask(
      await gateway.url,
      'mutation { enroll(input: {sourceTopics: ["none"], targetTopic: "job", worker: "w", waitMs: 60000}) { attempt } }',
    );
    await consumerOf(gateway);
    // Where its WAL cannot go on, Postgres fails, as it does where the disk is full.
    const wal = join(target.folder, 'data/pg_wal');
    await rename(wal, `${wal}.away`);
    const { acknowledged, codes } = await sendToTheEnd(gateway, randomText(1_000_000));
    // A read may have been the last straw, between two sends.
    expect(codes.filter((code) => code !== 'DATABASE_UNAVAILABLE')).toEqual([]);
    expect((await waiting).errors.map(({ extensions }) => extensions.code)).toEqual(['DATABASE_UNAVAILABLE']);
    expect(await gateway.exit).toEqual({ code: 1, signal: null });
    expect(gateway.stderr).toMatch(/\nthroughline: the embedded database has failed: .*pg_wal.*\n$/);

    await rename(`${wal}.away`, wal);
    const next = await startGateway(settings);
    const { data } = await ask<{ events: { totalCount: number } }>(await next.url, count);
    expect(data!.events.totalCount).toBeGreaterThanOrEqual(acknowledged);
    await next.stop();
  });

  test('is reported to the host of a gateway, which continues, answers 503 to /health and starts another one', async () => {
    const { folder } = await backend.target();
    const settings = { port: 0, logLevel: 'silent', adminKey, dataFolder: folder } as const;
    const gateway = createGateway(settings);
    const { url } = await gateway.start();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await rm(join(folder, 'lock'), { recursive: true });
    expect((await gateway.failed).message).toMatch(
      /^the embedded database has failed: the lock of the data folder \S+ was removed while this gateway held it$/,
    );
    expect((await fetch(`${url}/health`)).status).toBe(503);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    const { errors } = await ask(url, send, { variables: { input: { topic: 'kept' } } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['DATABASE_UNAVAILABLE']);
    await gateway.stop();

    const next = createGateway(settings);
    const started = await next.start();
    expect((await ask(started.url, count)).errors).toEqual([]);
    await next.stop();
  });
});

/** Does not compress. */
function randomText(length: number): string {
  return Array.from({ length: length / 10 }, () =>
    Math.random().toString(36).slice(2, 12).padEnd(10, '0'),
  ).join('');
}
