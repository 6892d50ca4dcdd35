// What a long history costs: the same calls at a thousand events and at a million, by turns, and PostGraphile at a million.
import { writeFileSync } from 'node:fs';
import { type Connection, requestOf } from '../connections.ts';
import { curves } from '../curves.ts';
import { closeHistory, type History, lastSources, openHistory } from '../history.ts';
import { byTurns, compare, quantile, type Row } from '../rounds.ts';
import type { Scenario, Settings } from '../scenario.ts';
import { sendAll } from '../sending.ts';
import { Subscriber } from '../subscribers.ts';
import { askFor, besidePostgraphile, questions } from './reading.ts';

const largest = Number(process.env.HISTORY ?? 1_000_000);
const sizes = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= largest);
const calls = 30;

interface Job {
  readonly attempt: number;
  readonly event: { readonly id: string };
}

const taking =
  'mutation ($input: EnrollInput!, $count: Int!) { enrollMany(input: $input, count: $count) { attempt event { id } } }';
const finishing =
  'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { message } } }';

async function take(connection: Connection, input: object, count: number): Promise<readonly Job[]> {
  return (await connection.ask<{ enrollMany: readonly Job[] }>(taking, { input, count })).enrollMany;
}

async function finish(connection: Connection, jobs: readonly Job[]): Promise<void> {
  const input = jobs.map(({ event, attempt }) => ({ id: event.id, attempt, status: 'FINISHED' }));
  await connection.ask(finishing, { input });
}

/** The filter lets everything through, or nothing: all jobs of the history, or none, exist already. */
function consumer(filter: 'everything' | 'nothing'): object {
  const shared = { sourceTopics: ['source'], worker: 'bench' };
  if (filter === 'everything') return { ...shared, targetTopic: 'job.0' };
  return { ...shared, targetTopic: 'job.1', filter: { conditions: [{ key: 'payload/n', value: -1 }] } };
}

/** Lets a new consumer scan the history, once. */
async function passHistory({ connection }: History): Promise<void> {
  for (const filter of ['everything', 'nothing'] as const)
    for (let jobs = await take(connection, consumer(filter), 1_000); jobs.length > 0;) {
      await finish(connection, jobs);
      jobs = await take(connection, consumer(filter), 1_000);
    }
}

/** One call that is timed, answered in milliseconds, with what must be done around it. */
type Call = (history: History) => Promise<number>;

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

const idle =
  (filter: 'everything' | 'nothing'): Call =>
  ({ connection }) =>
    timed(async () => {
      if ((await take(connection, consumer(filter), 1)).length > 0) throw new Error('an idle call got a job');
    });

const claim: Call = async ({ connection }) => {
  await sendAll(connection, [{ topic: 'source', payload: { n: 0, text: 'x'.repeat(200) } }]);
  let jobs: readonly Job[] = [];
  const ms = await timed(async () => (jobs = await take(connection, consumer('everything'), 1)));
  if (jobs.length !== 1) throw new Error('a claim got no job');
  await finish(connection, jobs);
  return ms;
};

/** A feed that was away for a hundred events. */
const resume: Call = async (history) => {
  const subscriber = await Subscriber.open(`${history.gateway.url}/graphql`);
  const query = `subscription { eventFeed(after: "${lastSources(history, 100)}", filter: {topics: ["source"]})
    { position kind event { id topic } } }`;
  const ms = await timed(async () => {
    await subscriber.subscribe(query);
    await new Promise<void>((resolve) => {
      subscriber.onMessage = () => {
        if (subscriber.received === 100) resolve();
      };
    });
  });
  subscriber.close();
  return ms;
};

const reading = questions.map(({ name, events, ours }): readonly [string, Call] => [
  name,
  (history) => {
    const request = requestOf(history.gateway.url, ours(history));
    return timed(() => askFor(history.connection, request, events));
  },
]);

const kinds: readonly (readonly [name: string, call: Call])[] = [
  ...reading,
  ['idle enroll', idle('everything')],
  ['idle enroll, a filter that matches nothing', idle('nothing')],
  ['claim', claim],
  ['resume of a feed after 100 events', resume],
];

/** Medians of the calls of each round, by size. */
async function measure(call: Call, histories: readonly History[], rounds: number): Promise<number[][]> {
  const sides = Object.fromEntries(
    histories.map((history) => [
      `at ${history.size}`,
      async () => {
        const times: number[] = [];
        for (let n = 0; n < calls; n += 1) times.push(await call(history));
        return quantile(times, 0.5);
      },
    ]),
  );
  return Object.values(await byTurns(sides, rounds));
}

async function againstShort(histories: readonly History[], { rounds }: Settings): Promise<Row[]> {
  const rows: Row[] = [];
  const lines: { name: string; values: number[] }[] = [];
  for (const history of histories) await passHistory(history);
  for (const [name, call] of kinds) {
    const bySize = await measure(call, histories, rounds);
    lines.push({ name, values: bySize.map((times) => quantile(times, 0.5)) });
    rows.push(
      compare({
        aim: '10',
        scenario: `${name}, at ${histories.at(-1)!.size.toLocaleString('en-US')} events ÷ at 1,000`,
        unit: 'ms',
        ours: bySize.at(-1)!,
        theirs: bySize[0]!,
        goal: { most: 1.2 },
      }),
    );
  }
  writeFileSync(new URL('../growth.svg', import.meta.url), curves(sizes, lines));
  return rows;
}

export const growth: Scenario = {
  about: 'a history of 1,000,000 events ÷ one of 1,000, and ÷ PostGraphile; draws growth.svg',
  run: async (settings) => {
    const histories: History[] = [];
    for (const size of sizes) histories.push(await openHistory(size));
    // First of all, while the gateways have had the same to do: one that has done more answers sooner.
    const growing = await againstShort(histories, settings);
    const rows = [...(await besidePostgraphile(histories.at(-1)!, settings)), ...growing];
    for (const history of histories) await closeHistory(history);
    return rows;
  },
};
