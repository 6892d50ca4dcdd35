// `kill -9` of gateways while handlers run: each event has one run of each handler, which ends once, and none is lost.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { groupBy } from '../../src/base/group-by.ts';
import { describeEmbedded, describePostgres } from '../support/database.ts';
import { ask, type Settings, settingsFor } from '../support/process.ts';
import { Diary, type DiaryLine, diarist } from './diary.ts';
import { Gateways } from './gateways.ts';
import { type Random, seeded, whole } from './random.ts';
import { insist, readRuns, sendWell, type Sent, type StoredRun } from './runs.ts';

const senders = 16;
const kills = 6;
/** Longer than the lease of a run. */
const longMs = 36_000;
/** A dead gateway's runs are taken over after so long at most. */
const takenOverMs = 60_000;
const testMs = 300_000;
const patience = { timeout: 150_000, interval: 500 };

const topic = 'kill.event';
const files = {
  ...diarist('Background', { sender: topic, asyncType: true }),
  ...diarist('Waited', { sender: topic }),
  ...diarist('Hasty', { sender: 'kill.hasty', asyncType: true }),
  ...diarist('Long', { sender: 'kill.long', asyncType: true, timeoutMs: 120_000 }),
  ...diarist('First', { sender: 'kill.slow', order: 1, timeoutMs: 120_000 }),
  'events/Second/e.json': { type: 'events.NormalType', sender: 'kill.slow', order: 2 },
  'events/Second/inner.ts': 'export const customFunc = () => "its turn";',
};

/** Sends one event after another, each with a hash and again until it is answered, while gateways are killed. */
async function sendAll(
  { urls, isOver }: { readonly urls: readonly string[]; readonly isOver: () => boolean },
  name: string,
  inputOf: (count: number) => object,
  random: Random,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  while (!isOver()) {
    const input = { hash: `${name}-${sent.length}`, ...inputOf(sent.length) };
    sent.push(await insist(() => urls[whole(random, urls.length)]!, input));
  }
  return sent;
}

/** Now and then a scheduled event. */
function heldBack(each: number, count: number): { readonly sendAt: string | null } {
  return { sendAt: count % each === 0 ? new Date(Date.now() + 1_000).toISOString() : null };
}

/** Everything wrong, one line each. */
function faults(events: readonly StoredRun[], runs: readonly StoredRun[]): string[] {
  const bySource = groupBy(runs, ({ dependsOn }) => dependsOn?.id ?? 'nothing');
  const known = new Set(events.map(({ id }) => id));
  return [
    ...events.flatMap(({ id, history }) => {
      const count = bySource.get(id)?.length ?? 0;
      const times = history.filter(({ to }) => to === 'FINISHED').length;
      return count === 1 && times === 1 ? [] : [`${id} was sent ${times} times and has ${count} runs`];
    }),
    ...[...bySource.keys()].filter((id) => !known.has(id)).map((id) => `there is a run for ${id}`),
    ...runs.flatMap(endFaults),
  ];
}

/** It has one end, and who began it after another began no sooner than its lease ended. */
function endFaults({ id, status, history }: StoredRun): string[] {
  const ends = history.filter(({ to }) => to === 'FINISHED' || to === 'FAILED');
  const wrong = [];
  if (ends.length !== 1 || ends[0]!.to !== status)
    wrong.push(`${id} is ${status} after ${ends.length} ends: ${JSON.stringify(history)}`);
  const claims = history.filter(({ to, attempt }) => to === 'PENDING' && attempt !== null);
  for (const [n, { at }] of claims.slice(1).entries()) {
    const pause = Date.parse(at) - Date.parse(claims[n]!.at);
    if (pause > takenOverMs) wrong.push(`${id} was taken over after ${pause} ms`);
  }
  return wrong;
}

/** Finished by an attempt that was made, and no attempt was made twice. */
function diaryFaults(runs: readonly StoredRun[], lines: readonly DiaryLine[]): string[] {
  const ended = new Set(lines.filter(({ moment }) => moment === 'end').map(nameOf));
  const begun = lines.filter(({ moment }) => moment === 'begin').map(nameOf);
  const twice = begun.filter((name, n) => begun.indexOf(name) !== n);
  return [
    ...twice.map((name) => `${name} was run twice`),
    ...runs.flatMap(({ id, status, result }) => {
      const attempt = (result as { attempt: number } | null)?.attempt ?? 0;
      if (status !== 'FINISHED' || ended.has(nameOf({ runId: id, attempt }))) return [];
      return [`${id} was finished by attempt ${attempt}, which has not ended`];
    }),
  ];
}

function nameOf({ runId, attempt }: Pick<DiaryLine, 'runId' | 'attempt'>): string {
  return `attempt ${attempt} of ${runId}`;
}

/** The answer about the runs that a sender waited for equals the record. */
function answerFaults(sent: readonly Sent[], waited: readonly StoredRun[]): string[] {
  const byId = new Map(waited.map((run) => [run.id, run]));
  const told = sent.filter(({ duplicate }) => !duplicate).flatMap(({ executions }) => executions);
  return told.flatMap(({ handler, event, result }) => {
    const run = byId.get(event.id);
    if (handler !== 'events.Waited' || run?.status === 'FINISHED') return [];
    return [`${event.id} was answered with ${JSON.stringify(result)} and is ${run?.status}`];
  });
}

function idsOf(events: readonly { readonly id: string }[]): Set<string> {
  return new Set(events.map(({ id }) => id));
}

async function surviveKills(settings: Settings, gatewayCount: number, seed: number): Promise<void> {
  const random = seeded(seed);
  const diary = await Diary.of(files);
  const gateways = await Gateways.start({ ...settings, ...diary.settings }, gatewayCount);
  const { urls } = gateways;
  const disturbed = { urls, isOver: () => gateways.killed >= kills };
  const [each, hasty] = await Promise.all([
    Promise.all(
      Array.from({ length: senders }, (_, n) => {
        const own = seeded(seed * 100 + n);
        const inputOf = (count: number) => ({
          topic,
          payload: { ms: whole(own, 400) },
          ...heldBack(5, count),
        });
        return sendAll(disturbed, `sender-${n}`, inputOf, own);
      }),
    ),
    // Nobody waits for its runs, so that every kill comes in the midst of a send.
    sendAll(disturbed, 'hasty', (count) => ({ topic: 'kill.hasty', ...heldBack(2, count) }), seeded(seed)),
    (async () => {
      for (; !disturbed.isOver(); await gateways.killOne(random)) await delay(1_500 + random() * 2_000);
    })(),
  ]);
  const sent = each.flat();
  const slow = sendWell(urls[0]!, { topic: 'kill.slow', payload: { ms: longMs } });
  const long = await sendWell(urls[0]!, { topic: 'kill.long', payload: { ms: longMs } });
  const topics = [topic, 'events.Background', 'events.Waited', 'kill.hasty', 'events.Hasty', 'events.Long'];
  const [events, background, waited, hastyEvents, hastyRuns, [longRun]] = await vi.waitFor(async () => {
    const read = await Promise.all(topics.map((name) => readRuns(urls[0]!, name)));
    for (const runs of read)
      expect(runs.filter(({ status }) => status !== 'FINISHED' && status !== 'FAILED')).toEqual([]);
    const [count, hastyCount] = [sent.length, hasty.length];
    expect(read.map(({ length }) => length)).toEqual([count, count, count, hastyCount, hastyCount, 1]);
    return read as [StoredRun[], StoredRun[], StoredRun[], StoredRun[], StoredRun[], StoredRun[]];
  }, patience);
  const { executions } = await slow;
  const second = await readRuns(urls[0]!, 'events.Second');
  const lines = await diary.lines();
  await gateways.stop();

  expect(idsOf(sent.map(({ event }) => event))).toEqual(idsOf(events));
  expect(idsOf(hasty.map(({ event }) => event))).toEqual(idsOf(hastyEvents));
  expect([
    ...faults(events, background),
    ...faults(events, waited),
    ...faults(hastyEvents, hastyRuns),
    ...diaryFaults([...background, ...waited, ...hastyRuns], lines),
  ]).toEqual([]);
  expect(answerFaults(sent, waited)).toEqual([]);
  expect([...background, ...hastyRuns].filter(({ status }) => status === 'FAILED')).toEqual([]);
  const lost = waited.filter(({ status }) => status === 'FAILED');
  expect(new Set(lost.map(({ error }) => error?.code))).toEqual(new Set(['LEASE_EXPIRED']));
  expect(longRun).toMatchObject({
    dependsOn: { id: long.event.id },
    status: 'FINISHED',
    result: { attempt: 1 },
  });
  expect(lines.filter(({ eventId }) => eventId === long.event.id)).toHaveLength(2);
  // One whose turn comes after the time of a lease is not lost meanwhile.
  expect(executions).toMatchObject([{ handler: 'events.First' }, { handler: 'events.Second', error: null }]);
  expect(second).toMatchObject([{ status: 'FINISHED', result: 'its turn' }]);
  // Else nothing was tried.
  expect(background.filter(({ retries }) => retries > 0).length).toBeGreaterThanOrEqual(3);
  expect(lost.length).toBeGreaterThanOrEqual(3);
}

/** A gateway that stands still for longer than its lease, and then goes on as if nothing had happened. */
async function standStill(settings: Settings): Promise<void> {
  const diary = await Diary.of(files);
  const gateways = await Gateways.start({ ...settings, ...diary.settings }, 2);
  const said = (moment: string, attempt: number) =>
    vi.waitFor(async () => {
      const line = (await diary.lines()).find((each) => each.moment === moment && each.attempt === attempt);
      expect(line).toBeDefined();
      return line!;
    }, patience);
  await sendWell(gateways.urls[0]!, { topic: 'kill.long', payload: { gates: ['first', 'second'] } });
  const { pid } = await said('begin', 1);
  const turn = gateways.urls.findIndex((_, n) => gateways.at(n).pid === pid);
  gateways.at(turn).signal('SIGSTOP');
  await said('begin', 2);
  await diary.open('first');
  gateways.at(turn).signal('SIGCONT');
  await said('end', 1);
  // Written by the same writer after what the run came to.
  await sendWell(gateways.urls[turn]!, { topic: 'kill.nothing' });
  expect(await readRuns(gateways.urls[turn]!, 'events.Long')).toMatchObject([{ status: 'IN_PROGRESS' }]);
  await diary.open('second');
  const [run] = await vi.waitFor(async () => {
    const runs = await readRuns(gateways.urls[turn]!, 'events.Long');
    expect(runs).toMatchObject([{ status: 'FINISHED', result: { attempt: 2 } }]);
    return runs;
  }, patience);
  expect(endFaults(run!)).toEqual([]);
  await gateways.stop();
}

describeEmbedded('The runs of handlers', (backend) => {
  test('that were planned for sends which came to nothing do not count', async () => {
    const diary = await Diary.of(files);
    const gateways = await Gateways.start({ ...settingsFor(await backend.target()), ...diary.settings }, 1);
    const [url] = gateways.urls as [string];
    const input = { topic: 'kill.slow', requestId: 'often', hash: 'the same' };
    const repeats = `mutation($input: [SendEventInput!]!) { sendEvents(input: $input) { duplicates } }`;
    await sendWell(url, input);
    await ask(url, repeats, {
      variables: { input: Array.from({ length: limits.requestRuns }, () => input) },
    });
    const { executions } = await sendWell(url, { ...input, hash: 'another' });
    expect(executions.map(({ error }) => error)).toEqual([null, null]);
    await gateways.stop();
  });

  test(
    'each end once, also while the gateway is killed',
    async () => surviveKills(settingsFor(await backend.target()), 1, 1),
    testMs,
  );
});

describePostgres('The runs of handlers', (backend) => {
  test.concurrent(
    'each end once, also while two gateways are killed in turns',
    async () => surviveKills(settingsFor(await backend.target()), 2, 2),
    testMs,
  );

  test.concurrent(
    'are taken over from a gateway that stands still, which can then change nothing',
    async () => standStill(settingsFor({ url: await backend.emptyDatabase(), folder: '' })),
    testMs,
  );
});
