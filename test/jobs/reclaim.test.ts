// Claims and writes that come twice: by two gateways, or repeated since the first answer was lost.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh } from '../support/gateway.ts';
import { perform } from '../../src/database/batched-query.ts';
import { checkEnroll } from '../../src/domain/jobs/enroll.ts';
import { findReadyJobs } from '../../src/store/jobs/find-jobs.ts';
import { reclaimJobs } from '../../src/store/jobs/reclaim-jobs.ts';
import { changeOf, updateEvents } from '../../src/store/events/update-events.ts';
import { pass, take } from './support.ts';

describeDatabases('a worker’s write that has to be repeated, since its answer was lost', (backend) => {
  const gateway = composedOnce(backend);

  test('is made if the try before was not committed, and not again if it was', async () => {
    const asked = { sourceTopics: [fresh('source')], targetTopic: fresh('target') };
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const job = await take(gateway(), asked);
    const { id } = job.event;
    const { database } = gateway();
    const write = (writeId: string, more: object, retried: boolean) =>
      perform(
        database,
        updateEvents([changeOf({ id, attempt: 1, by: 'worker', writeId, ...more })], retried, ''),
      );
    const [first, second, last] = [randomUUID(), randomUUID(), randomUUID()] as const;
    await write(first, { status: 'IN_PROGRESS', summary: '{"step":1}' }, false);
    // It looks like the one before it, and is another.
    expect(await write(second, { summary: '{"step":2}' }, true)).toMatchObject([{ holds: true }]);
    expect(await gateway().read(id)).toMatchObject({ summary: { step: 2 } });
    await write(last, { status: 'FINISHED', result: '1' }, false);
    const { position } = await gateway().read(id);
    expect(await write(last, { status: 'FINISHED', result: '1' }, true)).toMatchObject([
      { holds: true, position },
    ]);
    expect(await write(first, { status: 'FINISHED', result: '2' }, true)).toMatchObject([{ holds: false }]);
    expect(await gateway().read(id)).toMatchObject({ result: 1, position });
  });
});

describeDatabases('a job that was found twice', (backend) => {
  const gateway = composedOnce(backend);

  test('is claimed once', async () => {
    const asked = { sourceTopics: [fresh('source')], targetTopic: fresh('target'), worker: 'second' };
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const first = await take(gateway(), { ...asked, worker: 'first' });
    await pass(gateway(), first.event.id);
    const { database } = gateway();
    const { definition, terms } = checkEnroll(asked);
    const { jobs } = await findReadyJobs(database, definition, 10, null, 10);
    expect(jobs).toHaveLength(1);
    const reclaim = () => [
      { claimId: randomUUID(), job: jobs[0]!, consumerId: definition.consumerId, terms },
    ];
    const claimed = reclaim();
    expect(await perform(database, reclaimJobs(claimed, false, ''))).toMatchObject([{ attempt: 2 }]);
    expect(await perform(database, reclaimJobs(reclaim(), false, ''))).toEqual([null]);
    // Its own claim, repeated since the answer was lost, is known again.
    expect(await perform(database, reclaimJobs(claimed, true, ''))).toMatchObject([{ attempt: 2 }]);
    expect(await perform(database, reclaimJobs(reclaim(), true, ''))).toEqual([null]);
  });
});
