// Workers of a gateway: they ask for one job or a hundred at a time over HTTP, and say that they are finished.
import { Connection, requestOf } from '../connections.ts';
import { countOn, createDatabase, dropDatabase } from '../databases.ts';
import { someDeliveries } from '../deliveries.ts';
import { startGateway } from '../processes.ts';
import { sendAll } from '../sending.ts';
import { Done, expectCount, type JobSystem } from './job-system.ts';

export interface Job {
  readonly attempt: number;
  readonly event: { readonly id: string };
  readonly source: { readonly payload: { readonly n?: number } };
}

const asked = { sourceTopics: ['work.source'], targetTopic: 'work.job', worker: 'bench' };
const fields = 'attempt event { id } source { payload }';
const enrollOne = `mutation ($input: EnrollInput!) { enroll(input: $input) { ${fields} } }`;
const enrollMany = `mutation ($input: EnrollInput!) { enrollMany(input: $input, count: 100) { ${fields} } }`;
const finishOne = 'mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }';
const finishMany =
  'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { message } } }';

const finished = ({ event, attempt }: Job) => ({ id: event.id, attempt, status: 'FINISHED' });

/** One of `asked`, waiting so long for it; null if there is none. */
export async function takeOne(lane: Connection, url: string, waitMs = 0): Promise<Job | null> {
  const answer = await lane.send(requestOf(url, enrollOne, { input: { ...asked, waitMs } }));
  return (JSON.parse(answer) as { data: { enroll: Job | null } }).data.enroll;
}

export async function finish(lane: Connection, job: Job): Promise<void> {
  await lane.ask(finishOne, { input: finished(job) });
}

async function takeMany(lane: Connection): Promise<readonly Job[]> {
  return (await lane.ask<{ enrollMany: readonly Job[] }>(enrollMany, { input: asked })).enrollMany;
}

async function untilNone(lane: Connection, url: string, by: 'one' | 'hundred', done: Done): Promise<void> {
  if (by === 'one') {
    for (let job = await takeOne(lane, url); job; job = await takeOne(lane, url)) {
      await finish(lane, job);
      done.add(job.event.id);
    }
  } else {
    for (let jobs = await takeMany(lane); jobs.length > 0; jobs = await takeMany(lane)) {
      await lane.ask(finishMany, { input: jobs.map(finished) });
      for (const job of jobs) done.add(job.event.id);
    }
  }
}

export async function throughlineWorkers(workers: number, by: 'one' | 'hundred'): Promise<JobSystem> {
  const databaseUrl = await createDatabase();
  const { url, stop } = await startGateway({ DATABASE_URL: databaseUrl });
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
      await Promise.all(lanes.map((lane) => untilNone(lane, url, by, done)));
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
