// Live delivery to 1,000 subscribers: all with one operation, and each with a filter of its own that ten pass.
import { Connection } from '../connections.ts';
import { createDatabase, dropDatabase } from '../databases.ts';
import { nextDelivery } from '../deliveries.ts';
import { type Server, startGateway, startServer } from '../processes.ts';
import { byTurns, compare } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { sendAll } from '../sending.ts';
import { Subscribers } from '../subscribers.ts';

const count = 1_000;
const matching = 10;
const fields = '{ position kind status at event { id topic project user summary } }';

/** What a list of events on a front end is made of. */
function eventOf(n: number, repository?: string): object {
  const delivery = nextDelivery();
  const { action = null, sender } = delivery;
  const full_name = repository ?? delivery.repository?.full_name ?? 'bench/none';
  const payload = repository ? { ...delivery, repository: { full_name }, number: n } : delivery;
  return {
    topic: 'bench.live',
    project: full_name,
    user: sender?.login ?? 'nobody',
    summary: { action, repository: full_name, n },
    payload,
  };
}

interface Live {
  readonly server: Server;
  readonly connection: Connection | null;
  readonly subscribers: Subscribers;
  send(events: readonly object[]): Promise<unknown>;
  close(): Promise<void>;
}

type Operation = (n: number) => readonly [query: string, variables?: object];

async function listen(server: Server, operation: Operation): Promise<Omit<Live, 'connection' | 'send'>> {
  const subscribers = await Subscribers.open(`${server.url}/graphql`, count);
  for (const [n, subscriber] of subscribers.all.entries()) await subscriber.subscribe(...operation(n));
  return {
    server,
    subscribers,
    close: async () => {
      subscribers.close();
      await server.stop();
    },
  };
}

async function throughline(operation: Operation, databaseUrl: string): Promise<Live> {
  const live = await listen(await startGateway({ DATABASE_URL: databaseUrl }), operation);
  const connection = await Connection.open(live.server.url);
  return { ...live, connection, send: (events) => sendAll(connection, events) };
}

async function stock(operation: Operation): Promise<Live> {
  const live = await listen(await startServer('stock'), operation);
  const connection = await Connection.open(live.server.url);
  const query = 'mutation ($events: [JSON!]!) { publish(events: $events) }';
  return { ...live, connection, send: (events) => connection.ask(query, { events }) };
}

const events = (each: number) => Array.from({ length: each }, (_, n) => eventOf(n));

export const fanOut: Scenario = {
  about: 'deliveries to 1,000 subscribers of one operation ÷ bare ws and the stock server',
  run: async ({ rounds, size }) => {
    const each = Math.max(10, Math.round(50 * size));
    const databaseUrl = await createDatabase();
    const ours = await throughline(
      () => [`subscription { eventFeed(filter: {topics: ["bench.live"]}) ${fields} }`],
      databaseUrl,
    );
    const theirs = await stock(() => [`subscription { eventFeed ${fields} }`]);
    const bare = await startServer('bare');
    const bareSubscribers = await Subscribers.open(bare.url, count);
    for (const { subscribers, send } of [ours, theirs]) await subscribers.ready(() => send(events(1)));
    const measured = (live: Live) => async () => {
      const sent = events(each);
      const seconds = await live.subscribers.receive(each, () => live.send(sent));
      expectSame(live.subscribers, `"n":${each - 1}`);
      return (each * count) / seconds;
    };
    const figures = await byTurns(
      {
        ours: measured(ours),
        stock: measured(theirs),
        // The same bytes: what one of ours has received.
        bare: async () => {
          const text = ours.subscribers.all[0]!.last;
          const send = async () => void bare.child.send({ text, times: each });
          return (each * count) / (await bareSubscribers.receive(each, send));
        },
      },
      rounds,
    );
    bareSubscribers.close();
    await Promise.all([ours.close(), theirs.close(), bare.stop()]);
    await dropDatabase(databaseUrl);
    const shared = { aim: '7', unit: 'deliveries/s', ours: figures.ours };
    const scenario = 'one event feed for 1,000 subscribers';
    return [
      compare({
        ...shared,
        scenario: `${scenario} ÷ bare ws, the same bytes`,
        theirs: figures.bare,
        goal: { least: 0.8 },
      }),
      compare({
        ...shared,
        scenario: `${scenario} ÷ yoga, graphql-ws and createPubSub`,
        theirs: figures.stock,
        goal: { least: 4 },
      }),
    ];
  },
};

/** All have got the same, up to the last event. */
function expectSame({ all }: Subscribers, end: string): void {
  const [{ bytes, last } = { bytes: 0, last: '' }] = all;
  if (!last.includes(end)) throw new Error(`the last message is ${last}`);
  if (all.some((other) => other.bytes !== bytes)) throw new Error('subscribers have got different bytes');
}

export const fanOutFiltered: Scenario = {
  about: '1,000 subscribers with a filter each, of which 10 match ÷ the stock server',
  run: async ({ rounds, size }) => {
    const groups = count / matching;
    const bursts = Math.max(1, Math.round(4 * size));
    const databaseUrl = await createDatabase();
    const ours = await throughline(
      (n) => [
        `subscription ($where: String!) { eventFeed(where: $where) ${fields} }`,
        { where: `data.repository.full_name == 'bench/r${n % groups}' && data.number > ${-1 - n}` },
      ],
      databaseUrl,
    );
    const theirs = await stock((n) => [
      `subscription ($repository: String!, $above: Int!) { eventsOf(repository: $repository, above: $above) ${fields} }`,
      { repository: `bench/r${n % groups}`, above: -1 - n },
    ]);
    // Each event is for the ten of one group, and each group gets one of a burst, which takes the stock server the better
    // part of a second; one that is four times as large takes it more than four times as long, so that it gets one.
    const one = () => Array.from({ length: groups }, (_, n) => eventOf(n, `bench/r${n}`));
    for (const { subscribers, send } of [ours, theirs]) await subscribers.ready(() => send(one()));
    const measured = (live: Live, bursts: number) => async () => {
      const sent = Array.from({ length: bursts }, one);
      const seconds = await live.subscribers.receive(bursts, async () => {
        for (const events of sent) await live.send(events);
      });
      return (bursts * groups) / seconds;
    };
    const figures = await byTurns({ ours: measured(ours, bursts), theirs: measured(theirs, 1) }, rounds);
    await Promise.all([ours.close(), theirs.close()]);
    await dropDatabase(databaseUrl);
    return [
      compare({
        aim: '8',
        scenario: '1,000 subscribers with a filter each, 10 match ÷ the stock server, filter in the resolver',
        unit: 'events/s',
        ...figures,
        goal: { least: 20 },
      }),
    ];
  },
};
