// Two definitions of one named consumer, at two gateways of which one is killed again and again, while sources arrive.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describePostgres } from '../support/database.ts';
import { ask, settingsFor, startGateway } from '../support/process.ts';
import { work } from './enrolling.ts';

const kills = 3;
const perRound = 60;

const sending = `mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { code } } }`;
const input = { consumer: 'named', targetTopic: 'target', leaseMs: 1_000, waitMs: 200, maxRetries: 50 };

describePostgres('A named consumer with two definitions in use', (backend) => {
  test('gives each source one job, though gateways are killed: none is lost, none is twice', async () => {
    const settings = settingsFor(await backend.target());
    const steady = await startGateway(settings);
    let killed = await startGateway(settings);
    const worker = (urlOf: () => Promise<string>, sourceTopics: readonly string[], name: string) =>
      work({ urlOf, input: { ...input, sourceTopics, worker: name }, count: 7, workMs: 0 });
    const workers = [
      worker(() => steady.url, ['a'], 'old'),
      worker(() => killed.url, ['a', 'b'], 'new'),
      worker(() => killed.url, ['a'], 'old too'),
    ];
    const counting = `{ finished: events(filter: {topics: ["target"], statuses: [FINISHED]}) { totalCount }
      all: events(filter: {topics: ["target"]}) { totalCount } }`;
    const counted = async () =>
      (await ask<Record<string, { totalCount: number }>>(await steady.url, counting)).data ?? {};
    let sent = 0;
    const send = async () => {
      const events = Array.from({ length: perRound }, (_, n) => ({ topic: n % 2 ? 'a' : 'b' }));
      for (let from = 0; from < events.length; from += 10)
        await ask(await steady.url, sending, { variables: { input: events.slice(from, from + 10) } });
      sent += events.length;
    };
    for (let round = 0; round < kills; round += 1) {
      const before = (await counted()).finished!.totalCount;
      await send();
      while ((await counted()).finished!.totalCount < before + perRound / 4) await delay(20);
      await killed.kill();
      await send();
      killed = await startGateway(settings);
    }
    while ((await counted()).finished!.totalCount < sent) await delay(50);
    await Promise.all(workers.map(({ stop }) => stop()));
    expect(await counted()).toEqual({ finished: { totalCount: sent }, all: { totalCount: sent } });
    await Promise.all([steady.stop(), killed.stop()]);
  }, 120_000);
});
