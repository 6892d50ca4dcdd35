// Throughput while a transaction is held open elsewhere in the database, against throughput without one.
import { Connection } from '../connections.ts';
import { connectTo, countOn, createDatabase, dropDatabase } from '../databases.ts';
import { nextDelivery } from '../deliveries.ts';
import { startGateway } from '../processes.ts';
import { byTurns, compare, perSecond } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { Sending } from '../sending.ts';
import { expectCount } from '../workers/job-system.ts';
import { finish, takeOne } from '../workers/throughline.ts';

const workers = 20;

export const heldOpen: Scenario = {
  about: 'sending and jobs while a transaction is held open ÷ without',
  run: async ({ rounds, ms }) => {
    const databaseUrl = await createDatabase();
    const { url, stop } = await startGateway({ DATABASE_URL: databaseUrl });
    const sending = await Sending.open(url, 50);
    const lanes = await Connection.openMany(url, workers);
    const other = await connectTo(databaseUrl);
    const send = 'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }';
    let jobs = 0;
    /** Each worker sends a source and takes a job, its own or another's, and ends it. */
    const working = () =>
      perSecond(2 * ms, workers, async (lane) => {
        const connection = lanes[lane]!;
        await connection.ask(send, { input: { topic: 'work.source', payload: nextDelivery() } });
        const job = await takeOne(connection, url, 1_000);
        if (!job) throw new Error('there was no job');
        await finish(connection, job);
        jobs += 1;
        return 1;
      });
    /** With a snapshot, so that no version of a row that dies can be removed. */
    const whileOpen = (run: () => Promise<number>) => async () => {
      await other.query(
        'BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TEMP TABLE written (n int); SELECT count(*) FROM log',
      );
      try {
        return await run();
      } finally {
        await other.query('ROLLBACK');
      }
    };
    const sends = await byTurns(
      { theirs: () => sending.round(ms), ours: whileOpen(() => sending.round(ms)) },
      rounds,
    );
    const works = await byTurns({ theirs: working, ours: whileOpen(working) }, rounds);
    const done = `SELECT count(*) FROM events WHERE job AND status = 'FINISHED'`;
    expectCount('jobs on record', await countOn(databaseUrl, done), jobs);
    sending.close();
    for (const lane of lanes) lane.close();
    await other.end();
    await stop();
    await dropDatabase(databaseUrl);
    const shared = { aim: '13', goal: { least: 0.95 } };
    const beside = 'beside a transaction held open ÷ without';
    return [
      compare({ ...shared, scenario: `sendEvent, 50 connections, ${beside}`, unit: 'events/s', ...sends }),
      compare({
        ...shared,
        scenario: `send + enroll + updateEvent, 20 workers, ${beside}`,
        unit: 'jobs/s',
        ...works,
      }),
    ];
  },
};
