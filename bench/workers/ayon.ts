// Workers that enroll for one job at a time and update it twice, through AYON's protocol or through GraphQL.
import { Connection } from '../connections.ts';
import { countOn, createDatabase, dropDatabase } from '../databases.ts';
import { someDeliveries } from '../deliveries.ts';
import { key, startGateway } from '../processes.ts';
import { sendAll } from '../sending.ts';
import { Done, expectCount, type JobSystem } from './job-system.ts';

/** Claims one job, begins and finishes it, and answers its id; null if there is none. */
type Work = (lane: Connection, url: string, worker: string) => Promise<string | null>;

function restRequest(url: string, method: string, path: string, given: object): Buffer {
  const body = JSON.stringify(given);
  return Buffer.from(
    `${method} /ayon${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nX-Api-Key: ${key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

export const byAyon: Work = async (lane, url, sender) => {
  const asked = { sourceTopic: 'work.source', targetTopic: 'work.job', sender };
  const answer = await lane.send(restRequest(url, 'POST', '/api/enroll', asked));
  if (answer === '') return null;
  const { id } = JSON.parse(answer) as { readonly id: string };
  for (const status of ['in_progress', 'finished'])
    await lane.send(restRequest(url, 'PATCH', `/api/events/${id}`, { status }));
  return id;
};

const enroll =
  'mutation ($input: EnrollInput!) { enroll(input: $input) { attempt event { id status } source { id } } }';
const update = 'mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }';

interface Enrolled {
  readonly enroll: { readonly attempt: number; readonly event: { readonly id: string } } | null;
}

export const byGraphQL: Work = async (lane, _url, worker) => {
  const input = {
    sourceTopics: ['work.source'],
    targetTopic: 'work.job',
    worker,
    sticky: true,
    ignoreOlderThanDays: 3,
  };
  const { enroll: job } = await lane.ask<Enrolled>(enroll, { input });
  if (job === null) return null;
  const { attempt, event } = job;
  for (const status of ['IN_PROGRESS', 'FINISHED'])
    await lane.ask(update, { input: { id: event.id, attempt, status } });
  return event.id;
};

export async function updatingWorkers(workers: number, work: Work): Promise<JobSystem> {
  const databaseUrl = await createDatabase();
  const { url, stop } = await startGateway({ DATABASE_URL: databaseUrl, THROUGHLINE_AYON: 'on' });
  const lanes = await Connection.openMany(url, workers);
  let total = 0;
  return {
    fill: (count) =>
      sendAll(
        lanes[0]!,
        someDeliveries(count).map((payload) => ({ topic: 'work.source', payload })),
      ),
    drain: async (count) => {
      const done = new Done();
      const began = performance.now();
      const run = async (lane: Connection, n: number) => {
        for (;;) {
          const id = await work(lane, url, `worker-${n}`);
          if (id === null) return;
          done.add(id);
        }
      };
      await Promise.all(lanes.map(run));
      const seconds = (performance.now() - began) / 1_000;
      total += count;
      expectCount('jobs done', done.count, count);
      const recorded = `SELECT count(*) FROM events WHERE job AND status = 'FINISHED'`;
      expectCount('jobs on record', await countOn(databaseUrl, recorded), total);
      return count / seconds;
    },
    close: async () => {
      for (const lane of lanes) lane.close();
      await stop();
      await dropDatabase(databaseUrl);
    },
  };
}
