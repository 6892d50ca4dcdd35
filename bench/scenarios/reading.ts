// Reads of a long history: pages of lists and a request's events, beside the same from PostGraphile.
import { Connection, requestOf } from '../connections.ts';
import { queryOn } from '../databases.ts';
import type { History } from '../history.ts';
import { startServer } from '../processes.ts';
import { byTurns, compare, perSecond, type Row } from '../rounds.ts';
import type { Settings } from '../scenario.ts';

export interface SubscriptionDefinition {
  readonly name: string;
  readonly events: number;
  readonly ours: (history: History) => string;
  readonly theirs: (history: History) => string;
}

export const questions: readonly SubscriptionDefinition[] = [
  {
    name: 'events page of 50',
    events: 50,
    ours: () => '{ events(first: 50) { nodes { id topic createdAt } } }',
    theirs: () => '{ allEvents(first: 50, orderBy: [CREATED_AT_DESC]) { nodes { rowId topic createdAt } } }',
  },
  {
    name: 'eventLog page of 20',
    events: 20,
    ours: () => '{ eventLog(fullName: "source", pageSize: 20) { rowDatas { id topic createdAt } } }',
    theirs: () =>
      '{ allEvents(condition: {topic: "source"}, first: 20, orderBy: [CREATED_AT_DESC]) { nodes { rowId topic createdAt } } }',
  },
  {
    name: 'eventLogByRequestId, 20 events',
    events: 20,
    ours: ({ requestId }) => `{ eventLogByRequestId(requestId: "${requestId}") { id topic createdAt } }`,
    theirs: ({ requestId }) =>
      `{ allEvents(condition: {requestId: "${requestId}"}, orderBy: [CREATED_AT_ASC]) { nodes { rowId topic createdAt } } }`,
  },
];

const callers = 10;

/** Rejects where an answer has not all the events. */
export async function askFor(lane: Connection, request: Buffer, events: number): Promise<void> {
  const answer = await lane.send(request);
  const found = answer.split('"topic"').length - 1;
  if (found !== events) throw new Error(`${found} of ${events} events: ${answer.slice(0, 300)}`);
}

/** Tables whose names are those of types that every GraphQL schema of its kind has. */
const renamed = ['cursor', 'subscription'].map((name) => `COMMENT ON TABLE ${name}s IS '@name kept_${name}'`);

export async function besidePostgraphile(history: History, { rounds, ms }: Settings): Promise<Row[]> {
  for (const comment of renamed) await queryOn(history.databaseUrl, comment);
  const peer = await startServer('postgraphile', { DATABASE_URL: history.databaseUrl });
  const rows: Row[] = [];
  for (const { name, events, ours, theirs } of questions) {
    const side = async (url: string, query: string) => {
      const lanes = await Connection.openMany(url, callers);
      const request = requestOf(url, query);
      return () =>
        perSecond(ms / 2, callers, async (lane) => {
          await askFor(lanes[lane]!, request, events);
          return 1;
        });
    };
    const sides = {
      ours: await side(history.gateway.url, ours(history)),
      theirs: await side(peer.url, theirs(history)),
    };
    rows.push(
      compare({
        aim: '9',
        scenario: `${name} at ${history.size.toLocaleString('en-US')} events, 10 callers ÷ PostGraphile`,
        unit: 'answers/s',
        ...(await byTurns(sides, rounds)),
        goal: { least: 3 },
      }),
    );
  }
  await peer.stop();
  return rows;
}
